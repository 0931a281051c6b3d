"""Answers as lines: a table, JSON, or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from skeleton_data import printable
from skeleton_runtime.answers import NOBODY, UNKNOWN, Answer
from skeleton_runtime.events import Event

Format = Literal["table", "json", "csv"]
COLUMNS = (
    "file",
    "clip",
    "first_frame",
    "last_frame",
    "start",
    "end",
    "bodies",
    "class",
    "probability",
    "answer",
)
EVENT_COLUMNS = ("file", "clip", "first_frame", "last_frame", "start", "end", "event", "probability")


def csv_header(*, events: bool = False) -> str:
    """Return the line of CSV before all answers, or before all events."""
    return ",".join(EVENT_COLUMNS if events else COLUMNS)


def as_table(answer: Answer, top: int, *, windows: bool) -> str:
    """Return a line of text: where, and the best classes."""
    place = _place(answer) + ([_frames(answer)] if windows else [])
    best = ", ".join(f"{name} {100 * probability:.1f} %" for name, probability in answer.best(top).items())
    best_or_none = f"{UNKNOWN} ({best})" if answer.label == UNKNOWN else best or NOBODY
    return printable(f"{' '.join(place)}: {best_or_none}")


def event_line(event: Event) -> str:
    """Return a line of text: where, when, and what."""
    when = "" if event.seconds is None else "{:.2f}-{:.2f} s, ".format(*event.seconds)
    probability = "" if event.probability is None else f" {100 * event.probability:.1f} %"
    return printable(f"{' '.join([*_place(event), when + _frames(event)])}: {event.label}{probability}")


def _place(result: Answer | Event) -> list[str]:
    place = [result.file] if result.file else []
    return place if result.clip == Path(result.file).stem else [*place, result.clip]


def _frames(result: Answer | Event) -> str:
    return f"frames {result.first_frame}-{result.last_frame}"


def as_csv(answer: Answer, top: int) -> str:
    """Return a line for each of the best classes, or one without a class where nobody is there.

    The last column is the answer itself: a class, unknown below the threshold, or nobody.
    """
    row = answer.as_dict(top)
    best = answer.best(top).items() or [("", "")]
    return "\n".join(
        _row(row | {"class": name, "probability": probability}, COLUMNS) for name, probability in best
    )


def _row(row: Mapping[str, object], columns: Sequence[str]) -> str:
    text = io.StringIO()
    values = [row.get(column) for column in columns]
    csv.writer(text, lineterminator="\n").writerow(["" if v is None else printable(str(v)) for v in values])
    return text.getvalue().rstrip("\n")


def formatter(style: Format, top: int, *, windows: bool) -> Callable[[Answer | Event], str]:
    """Return what makes lines of answers and of events.

    Args:
        style: Format of the lines.
        top: Number of classes to print.
        windows: Whether answers are for windows, whose frames a table has.
    """
    of_answers: Mapping[Format, Callable[[Answer], str]] = {
        "table": lambda answer: as_table(answer, top, windows=windows),
        "json": lambda answer: json.dumps(answer.as_dict(top)),
        "csv": lambda answer: as_csv(answer, top),
    }
    of_events: Mapping[Format, Callable[[Event], str]] = {
        "table": event_line,
        "json": lambda event: json.dumps(event.as_dict()),
        "csv": lambda event: _row(event.as_dict(), EVENT_COLUMNS),
    }
    return lambda result: of_events[style](result) if isinstance(result, Event) else of_answers[style](result)
