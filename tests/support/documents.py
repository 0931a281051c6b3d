"""The documents of the repository, and the blocks of code in them; imports none of the packages."""

import re
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).parents[2]
READMES = {path.parent.name.replace("-", "_"): path for path in sorted(REPO.glob("packages/*/README.md"))}
DOCUMENTS = (
    {"root": REPO / "README.md", "contributing": REPO / "CONTRIBUTING.md"}
    | READMES
    | {
        "-".join(path.relative_to(REPO).with_suffix("").parts): path
        for path in sorted(REPO.glob("docs/**/*.md"))
    }
)
PYTHON, SHELL, PRINTED = ("python", "pycon"), ("", "bash"), ("text",)
"""What the word behind a fence says: a block without one is for the shell."""


@dataclass(frozen=True)
class Block:
    """A fenced block: the word behind the fence, the lines above its text, and its text."""

    kind: str
    line: int
    text: str


def blocks(document: Path) -> list[Block]:
    """Every fenced block, in order."""
    text = document.read_text(encoding="utf-8")
    fenced = re.finditer(r"^```([^\n]*)\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    return [Block(found[1].strip(), text[: found.start(2)].count("\n"), found[2]) for found in fenced]
