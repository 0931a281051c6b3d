"""Answers as lines: a table, JSON, or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from skeleton_data import printable
from skeleton_runtime.answers import UNKNOWN, Answer

Format = Literal["table", "json", "csv"]
COLUMNS = ("file", "clip", "first_frame", "last_frame", "start", "end", "bodies", "class", "probability")


def header(style: Format) -> str | None:
    """Return the line before all answers, where the format has one."""
    return ",".join(COLUMNS) if style == "csv" else None


def as_table(answer: Answer, top: int, *, windows: bool) -> str:
    """Return a line of text: where, and the best classes."""
    place = [answer.file] if answer.file else []
    if answer.clip != Path(answer.file).stem:
        place.append(answer.clip)
    if windows:
        place.append(f"frames {answer.first_frame}-{answer.last_frame}")
    best = ", ".join(f"{name} {100 * share:.1f} %" for name, share in answer.best(top).items())
    told = f"{UNKNOWN} ({best})" if answer.label == UNKNOWN else best or "nobody"
    return printable(f"{' '.join(place)}: {told}")


def as_csv(answer: Answer, top: int) -> str:
    """Return a line for each of the best classes, or one without a class where nobody is there."""
    told = answer.as_dict(top)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for name, share in answer.best(top).items() or [("", "")]:
        row: dict[str, object] = {"file": "", "clip": ""} | told | {"class": name, "probability": share}
        writer.writerow([printable(str("" if row[column] is None else row[column])) for column in COLUMNS])
    return text.getvalue().rstrip("\n")


def formatter(style: Format, top: int, *, windows: bool) -> Callable[[Answer], str]:
    """Return what makes lines of answers.

    Args:
        style: Format of the lines.
        top: Number of classes to print.
        windows: Whether answers are for windows, whose frames a table has.
    """
    styles: Mapping[Format, Callable[[Answer], str]] = {
        "table": lambda answer: as_table(answer, top, windows=windows),
        "json": lambda answer: json.dumps(answer.as_dict(top)),
        "csv": lambda answer: as_csv(answer, top),
    }
    return styles[style]
