"""What a protocol may be called: a name, sides by columns of the index, or folds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import AfterValidator

Named = Literal[
    "ntu60-xsub", "ntu60-xview", "ntu120-xsub", "ntu120-xset", "odd-subjects", "first-takes", "all"
]
"""Protocols that have a name of their own."""

COLUMNS = ("label", "subject", "camera", "setup", "replication", "frames", "bodies")
"""Columns of the index, by which clips are divided."""

FORMS = (
    "a name (" + ", ".join(get_args(Named)) + "), own or own:NAME (the data set's own split), "
    "COLUMN in 1,3,5-8 (train; all others test) or COLUMN in 1,3 / COLUMN in 2,4 (train / test), "
    "folds(COLUMN, 5), folds(5), leave-one-out(COLUMN) or leave-one-subject-out"
)
"""What a protocol may be."""

_OWN = re.compile(r"own(?::(\S+))?")
_FOLDS = re.compile(r"folds\(\s*(?:(\w+)\s*,\s*)?(\d{1,6})\s*\)")
_LEAVE = re.compile(r"leave-one-out\(\s*(\w+)\s*\)")
_CONDITION = re.compile(r"(\w+)\s+in\s+(\d[\d\s,-]*)")
_VALUES = re.compile(r"(\d{1,9})(?:\s*-\s*(\d{1,9}))?")


@dataclass(frozen=True)
class Own:
    """The split that a data set came with; without a name the only one."""

    name: str | None


@dataclass(frozen=True)
class Condition:
    """Clips whose value in a column is in one of some ranges, both ends included."""

    column: str
    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Sides:
    """Clips that meet all conditions train; those that meet all of `test`, or else all others, test."""

    train: tuple[Condition, ...]
    test: tuple[Condition, ...] | None


@dataclass(frozen=True)
class Folds:
    """Each clip is tested once.

    Attributes:
        column: Clips of one value in it stand in one fold; None: clips are dealt out class by class.
        count: Number of folds; None: a fold for each value.
    """

    column: str | None
    count: int | None


Division: TypeAlias = Named | Own | Sides | Folds


def parse_protocol(text: str) -> Division:
    """Return what a protocol says.

    Raises:
        ValueError: It is none; says what it may be, or which columns there are.

    Example:
        >>> parse_protocol("camera in 1,2 / camera in 3")
        Sides(train=(Condition(column='camera', ranges=((1, 1), (2, 2))),), test=(Condition(column='camera', \
ranges=((3, 3),)),))
        >>> parse_protocol("folds(subject, 5)"), parse_protocol("leave-one-subject-out")
        (Folds(column='subject', count=5), Folds(column='subject', count=None))
    """
    for name in get_args(Named):
        if text == name:
            found: Named = name
            return found
    if own := _OWN.fullmatch(text):
        return Own(own[1])
    if text == "leave-one-subject-out":
        return Folds("subject", None)
    if leave := _LEAVE.fullmatch(text):
        return Folds(_column(leave[1]), None)
    if folds := _FOLDS.fullmatch(text):
        if int(folds[2]) < 2:
            raise ValueError(f"{text!r}: there must be at least 2 folds")
        return Folds(_column(folds[1]) if folds[1] else None, int(folds[2]))
    train, *test = text.split("/")
    if len(test) > 1 or not _CONDITION.search(text):
        raise ValueError(f"{text!r} is no protocol; expected {FORMS}")
    return Sides(tuple(_conditions(train)), tuple(_conditions(test[0])) if test else None)


def _conditions(side: str) -> Iterator[Condition]:
    for text in re.split(r"\band\b", side):
        condition = _CONDITION.fullmatch(text.strip())
        if condition is None:
            raise ValueError(f"{text.strip()!r} is not of the form COLUMN in 1,3,5-8")
        yield Condition(_column(condition[1]), tuple(_ranges(condition[2])))


def _ranges(values: str) -> Iterator[tuple[int, int]]:
    for part in values.split(","):
        found = _VALUES.fullmatch(part.strip())
        if found is None or int(found[2] or found[1]) < int(found[1]):
            raise ValueError(f"{part.strip()!r} is neither a number nor a range as 5-8")
        yield int(found[1]), int(found[2] or found[1])


def _column(name: str) -> str:
    if name not in COLUMNS:
        raise ValueError(f"there is no column {name!r}; there are {', '.join(COLUMNS)}")
    return name


def _check(text: str) -> str:
    parse_protocol(text)
    return text


Protocol: TypeAlias = Annotated[str, AfterValidator(_check)]
"""How clips are divided into training and test, see `split`: a name, columns, or folds."""


def is_folded(protocol: str) -> bool:
    """Whether a protocol has folds, of which each is a split of its own.

    Example:
        >>> is_folded("folds(subject, 5)"), is_folded("odd-subjects")
        (True, False)
    """
    return isinstance(parse_protocol(protocol), Folds)
