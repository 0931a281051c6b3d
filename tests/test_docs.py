"""The Python examples of the READMEs and of docs/ run, and their links lead somewhere."""

import doctest
import re
from pathlib import Path

import pytest

REPO = Path(__file__).parents[1]
READMES = {path.parent.name.replace("-", "_"): path for path in sorted(REPO.glob("packages/*/README.md"))}
DOCUMENTS = (
    {"root": REPO / "README.md"}
    | READMES
    | {f"docs-{path.stem}": path for path in sorted(REPO.glob("docs/*.md"))}
)

every_document = pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)


def python_blocks(document: Path) -> list[tuple[int, str]]:
    """Line number and text of every fenced Python block."""
    text = document.read_text(encoding="utf-8")
    blocks = re.finditer(r"^```(?:python|pycon)\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    return [(text[: block.start(1)].count("\n"), block[1]) for block in blocks]


@every_document
def test_python_blocks_run(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, in one namespace and an empty folder; a `>>>` block must also print what it says."""
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__example__"}
    runner = doctest.DebugRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    for line, block in python_blocks(document):
        if block.startswith(">>>"):
            example = doctest.DocTestParser().get_doctest(
                block, namespace, document.name, str(document), line
            )
            runner.run(example, clear_globs=False)
            namespace = example.globs
        else:
            # The empty lines in front make a traceback name the line of the document.
            exec(compile("\n" * line + block, document, "exec"), namespace)


@pytest.mark.parametrize("readme", READMES.values(), ids=READMES)
def test_package_shows_an_example(readme: Path) -> None:
    assert python_blocks(readme)


@every_document
def test_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target and not target.startswith("mailto:")]
    assert [target for target in local if not (document.parent / target).exists()] == []
