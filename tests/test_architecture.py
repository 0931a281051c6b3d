"""What CONTRIBUTING.md and docs/architecture.md name is there, and what is there is named."""

import re
from pathlib import Path

import pytest
from documents import REPO

ARCHITECTURE = REPO / "docs" / "architecture.md"
CONTRIBUTING = REPO / "CONTRIBUTING.md"


def paths(text: str) -> list[str]:
    """Code in a text that is a path, but for those with the placeholder NAME."""
    code = re.findall(r"`(\.?\w[\w.-]*/[\w./-]*)`", text)
    return [path for path in code if "NAME" not in path]


def is_there(path: str) -> bool:
    return any((folder / path).exists() for folder in (REPO, *REPO.glob("packages/*/src")))


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading of the architecture, without its head."""
    section = ARCHITECTURE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.parametrize("document", [ARCHITECTURE, CONTRIBUTING], ids=lambda path: path.stem)
def test_paths_lead_somewhere(document: Path) -> None:
    found = paths(document.read_text(encoding="utf-8"))
    assert len(found) > 30
    assert [path for path in found if not is_there(path)] == []


def test_a_path_that_is_not_there_is_found() -> None:
    assert paths("`sttformer/blok.py`, `sttformer/NAME.py`, `hatch run lint`") == ["sttformer/blok.py"]
    assert not is_there("sttformer/blok.py")
    assert is_there("sttformer/block.py")


@pytest.mark.parametrize("row", rows("Where do I change ...?"), ids=lambda row: row[0])
def test_who_changes_something_is_told_where_and_which_tests(row: list[str]) -> None:
    _, where, tests = row
    assert paths(where)
    assert paths(tests)


def test_every_app_is_in_the_table() -> None:
    assert {row[0].strip("`") for row in rows("The apps")} == {path.stem for path in REPO.glob("apps/*.py")}


def test_every_folder_of_skeleton_lab_is_a_layer() -> None:
    source = REPO / "packages/skeleton-lab/src/skeleton_lab"
    folders = {path.parent.name for path in source.glob("*/__init__.py")}
    assert folders <= {row[0].strip("`") for row in rows("Layers of skeleton-lab")}


def test_every_package_is_in_the_picture() -> None:
    picture = ARCHITECTURE.read_text(encoding="utf-8").split("```")[1]
    assert [path.name for path in REPO.glob("packages/*") if path.name not in picture] == []
