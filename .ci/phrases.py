"""Refuse words that only this project would understand: in documents, docstrings, help and errors.

    python .ci/phrases.py [FILE OR FOLDER ...]

reads Markdown, and the string literals of the packages and of `apps/`. Code in Markdown, in examples and in
backticks is left out.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

PHRASES = {
    r"\brebuil(d|ds|ding|t)\b(?!:)": "reconstruct, reconstruction",
    r"\b(told|tells?( \w+){0,2}) apart\b": "distinguish",
    r"\b(is|are|be|was|were) told\b(?! (to|that)\b)": "give, print, report",
    r"\bhow weights move\b": "optimizer and schedule",
    r"\b(no labels? (is|are)|labels? (is|are) not) looked at|\blooks? at no label": "use no labels",
    r"\b(beyond|within) (its|their|the) intervals?\b|\bwithin chance\b": "(not) significant",
    r"\bone's own\b|\bof yours\b": "your own",
    r"\bwhat answers cost\b|\banswers of a (trained )?model\b": "latency and memory; predictions",
    r"\bby the look of\b": "by its content",
    r"\bin small\b": "at toy size",
    r"\bvaried\b": "augment",
    r"\b(all|hidden|masked|visible) places\b": "tokens, positions",
    r"\boptimiser": "optimizer",
    r"\bwhole or not at all\b": "atomically",
    r"\bmanners\b": "conventions",
    r"\b(clips|them|it) as (they are|it is) shown\b|\bshow clips as they are\b": "without augmentation",
}
"""What is refused, as a regular expression, and what to write instead."""

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/**/*.md", "packages/*/README.md")
SOURCES = ("packages/*/src/**/*.py", "apps/*.py")
FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`]*`|\]\([^)\s]*\)")  # in backticks, and where links lead
EXAMPLE = re.compile(r"^ *(>>>|\.\.\.|skeleton-\w+|accelerate|python) .*$", re.MULTILINE)


def main(names: list[str]) -> int:
    """Print what is found in these files and folders, or in all; return the exit code."""
    root = Path(__file__).resolve().parents[1]
    known = {path for pattern in (*DOCUMENTS, *SOURCES) for path in root.glob(pattern)}
    asked = {Path(name).resolve() for name in names or (root,)}
    files = [path for path in sorted(known) if asked & {path, *path.parents}]
    # A space of a phrase may be the end of a line.
    phrases = {re.compile(phrase.replace(" ", r"\s+"), re.I): better for phrase, better in PHRASES.items()}
    found = 0
    for path in files:
        text = path.read_text(encoding="utf-8")
        for line, prose in _literals(text) if path.suffix == ".py" else [(1, _without(FENCED, text))]:
            for phrase, better in phrases.items():
                for match in phrase.finditer(_without(CODE, prose)):
                    found += 1
                    where = line + prose.count("\n", 0, match.start())
                    print(f'{path.relative_to(root)}:{where}: "{" ".join(match[0].split())}": write {better}')
    return int(found > 0)


def _literals(text: str) -> Iterator[tuple[int, str]]:
    """Yield the string literals and the lines where they begin; an f-string's part by part."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, _without(EXAMPLE, node.value)


def _without(pattern: re.Pattern[str], text: str) -> str:
    """Blank out what is matched, so that positions and lines stay."""
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
