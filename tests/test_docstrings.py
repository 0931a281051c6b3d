"""Docstrings are Markdown, as the site renders them; that they are in the imperative, ruff checks (D401)."""

import re

import pytest
from documents import REPO


def of_restructured_text(source: str) -> list[str]:
    """What stands in double backticks, or names a role (`:class:`)."""
    return re.findall(r"(?<!`)``[^`\n]+``(?!`)|:(?:class|func|meth|mod|attr|ref):`", source)


@pytest.mark.parametrize("package", sorted(path.name for path in REPO.glob("packages/*")))
def test_code_is_in_single_backticks(package: str) -> None:
    sources = sorted(REPO.glob(f"packages/{package}/src/**/*.py"))
    assert sources
    found = {path.name: of_restructured_text(path.read_text(encoding="utf-8")) for path in sources}
    assert {name: marks for name, marks in found.items() if marks} == {}


def test_double_backticks_are_found() -> None:
    assert of_restructured_text("A ``mask`` of :class:`Mask`, `x` and ```\ncode\n```") == [
        "``mask``",
        ":class:`",
    ]
