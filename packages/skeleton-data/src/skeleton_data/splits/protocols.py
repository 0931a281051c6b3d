"""Which clips train, which select the model and which test: the protocols of NTU RGB+D, and predicates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from skeleton_data.store.store import ClipIndex
from skeleton_data.transforms.draws import Draw, hashed

Protocol = Literal[
    "ntu60-xsub", "ntu60-xview", "ntu120-xsub", "ntu120-xset", "odd-subjects", "first-takes", "all"
]
"""Name of a way to divide clips into training and test; see `split`."""
Predicate = Callable[[ClipIndex], NDArray[np.bool_]]

NTU60_SUBJECTS = (1, 2, 4, 5, 8, 9, *range(13, 20), 25, 27, 28, 31, 34, 35, 38)
NTU120_SUBJECTS = (
    *NTU60_SUBJECTS,
    *(45, 46, 47, 49, 50, *range(52, 60), 70, 74, 78, *range(80, 87), 89, *range(91, 96), 97, 98, 100, 103),
)
NTU60_CAMERAS = (2, 3)
OFFICIAL_COUNTS: dict[Protocol, tuple[int, int]] = {
    "ntu60-xsub": (40_091, 16_487),
    "ntu60-xview": (37_646, 18_932),
    "ntu120-xsub": (63_026, 50_919),
    "ntu120-xset": (54_468, 59_477),
}
"""Training and test clips, without the samples that have no usable skeleton (302 and 535)."""


@dataclass(frozen=True)
class Split:
    """Clip numbers of each side, (k,) int64, sorted; no clip is on two sides.

    Attributes:
        train: To fit.
        val: Held out from the training side, to select the model by; empty unless asked for.
        test: To report, never to select by.
    """

    train: NDArray[np.int64]
    val: NDArray[np.int64]
    test: NDArray[np.int64]


def split(index: ClipIndex, protocol: Protocol, *, validation: float = 0.0, seed: int = 0) -> Split:
    """Split the clips of a store by a named protocol.

    `ntu60-xsub` and `ntu120-xsub` train on the official subjects, `ntu60-xview` on cameras 2 and 3,
    `ntu120-xset` on the even setups; `odd-subjects` trains on the subjects with odd numbers and tests
    on the even ones; `first-takes` trains on the first half of the takes (replications) that have the same
    label, subject, camera and setup, tests on the last third and leaves out those between; `all` has no
    test side. NTU RGB+D: Shahroudy et al., CVPR 2016; NTU RGB+D 120: Liu et al., TPAMI 2019.

    Args:
        index: The clips.
        protocol: Name of the protocol.
        validation: Share of the training *subjects* held out, rounded to whole subjects: at least one,
            never all. If no clip of the training side has a known subject, a share of its *clips*.
        seed: Which subjects are held out; for one seed a larger share holds out the same ones and more.

    Raises:
        ValueError: An unknown protocol, a column that it needs is unknown (-1) or out of its range, an
            empty side, or too few subjects to hold one out.

    Example:
        >>> import numpy as np
        >>> column = np.arange(1, 9)
        >>> clips = ClipIndex(*[column] * 7)
        >>> split(clips, "odd-subjects", validation=0.25).test
        array([1, 3, 5, 7])
    """
    test = None
    match protocol:
        case "ntu60-xsub":
            train = np.isin(_column(index, protocol, "subject", highest=40), NTU60_SUBJECTS)
        case "ntu60-xview":
            train = np.isin(_column(index, protocol, "camera", highest=3), NTU60_CAMERAS)
        case "ntu120-xsub":
            train = np.isin(_column(index, protocol, "subject", highest=106), NTU120_SUBJECTS)
        case "ntu120-xset":
            train = _column(index, protocol, "setup", highest=32) % 2 == 0
        case "odd-subjects":
            train = _column(index, protocol, "subject") % 2 == 1
        case "first-takes":
            place = _place_among_takes(index)
            train, test = place < 0.5, place >= 2 / 3
        case "all":
            train = np.ones(len(index), dtype=bool)
        case _:
            raise ValueError(f"protocol must be one of {', '.join(get_args(Protocol))}, got {protocol!r}")
    test = ~train if test is None else test
    _require(train, f"{protocol}: the training side")
    if protocol != "all":
        _require(test, f"{protocol}: the test side")
    return _split(index, train, test, validation, seed, protocol)


def split_by(
    index: ClipIndex,
    train: Predicate,
    test: Predicate | None = None,
    *,
    validation: float = 0.0,
    seed: int = 0,
) -> Split:
    """Split the clips of a store by predicates over its index, for protocols of other data sets.

    Args:
        index: The clips.
        train: Index -> (n,) bool, the training side.
        test: The same for the test side; by default all other clips. Clips on neither side are left out.
        validation: As in `split`.
        seed: As in `split`.

    Raises:
        ValueError: A predicate that does not answer (n,) bool, a clip on both sides, an empty side, or too
            few subjects to hold one out.

    Example:
        >>> import numpy as np
        >>> clips = ClipIndex(*[np.arange(6)] * 7)
        >>> split_by(clips, train=lambda index: index.replication < 4).test
        array([4, 5])
    """
    chosen = _ask(index, train, "train")
    others = ~chosen if test is None else _ask(index, test, "test")
    if (chosen & others).any():
        raise ValueError(
            f"split_by: clip {int(np.argmax(chosen & others))} is on the training and on the test side"
        )
    _require(chosen, "split_by: the training side")
    _require(others, "split_by: the test side")
    return _split(index, chosen, others, validation, seed, "split_by")


def check_counts(split: Split, protocol: Protocol) -> str | None:
    """Compare the number of clips with the published one.

    Returns:
        None if they are equal or nothing is published for the protocol; else one line that names both.

    Example:
        >>> import numpy as np
        >>> clips = np.arange(3)
        >>> check_counts(Split(train=clips, val=clips[:0], test=clips), "ntu60-xsub")
        'ntu60-xsub: 3 training and 3 test clips, the published counts are 40091 and 16487'
    """
    found = (len(split.train) + len(split.val), len(split.test))
    official = OFFICIAL_COUNTS.get(protocol, found)
    if found == official:
        return None
    return (
        f"{protocol}: {found[0]} training and {found[1]} test clips, "
        f"the published counts are {official[0]} and {official[1]}"
    )


def _column(
    index: ClipIndex,
    protocol: str,
    name: Literal["subject", "camera", "setup", "replication"],
    highest: int | None = None,
) -> NDArray[np.int64]:
    column = np.asarray(getattr(index, name), dtype=np.int64)
    if (column < 0).any():
        unknown = int((column < 0).sum())
        raise ValueError(f"{protocol} needs the {name}, unknown (-1) in {unknown} of {len(column)} clips")
    if highest is not None and len(column) and not (column.min() >= 1 and column.max() <= highest):
        raise ValueError(
            f"{protocol} has {name}s 1 to {highest}, but the clips have {column.min()} to {column.max()}"
        )
    return column


def _place_among_takes(index: ClipIndex) -> NDArray[np.float64]:
    """Return where a clip stands among the takes of its kind: from 0, the first, to below 1."""
    take = _column(index, "first-takes", "replication")
    kinds = np.stack([index.label, index.subject, index.camera, index.setup], axis=1)
    _, kind, takes = np.unique(kinds, axis=0, return_inverse=True, return_counts=True)
    kind = kind.reshape(-1)
    order = np.lexsort((take, kind))
    place = np.empty(len(take))
    place[order] = np.arange(len(take)) - (np.cumsum(takes) - takes)[kind[order]]
    return place / takes[kind]


def _ask(index: ClipIndex, predicate: Predicate, name: str) -> NDArray[np.bool_]:
    answer = np.asarray(predicate(index))
    if answer.shape != (len(index),) or answer.dtype != bool:
        raise ValueError(
            f"split_by: {name} must answer ({len(index)},) bool, got {answer.shape} {answer.dtype}"
        )
    return answer


def _require(side: NDArray[np.bool_], name: str) -> None:
    if not side.any():
        raise ValueError(f"{name} is empty (of {len(side)} clips)")


def _split(
    index: ClipIndex,
    train: NDArray[np.bool_],
    test: NDArray[np.bool_],
    share: float,
    seed: int,
    protocol: str,
) -> Split:
    if not 0 <= share < 1:
        raise ValueError(f"validation must be at least 0 and below 1, got {share}")
    clips = np.flatnonzero(train)
    held_out = (
        _held_out(np.asarray(index.subject)[clips], share, seed, protocol)
        if share > 0
        else np.zeros(len(clips), bool)
    )
    return Split(train=clips[~held_out], val=clips[held_out], test=np.flatnonzero(test))


def _held_out(subject: NDArray[np.integer], share: float, seed: int, protocol: str) -> NDArray[np.bool_]:
    """Return which of the training clips, given their subjects, are held out."""
    unknown = subject < 0
    if unknown.any() and not unknown.all():
        raise ValueError(
            f"{protocol}: the subject is unknown (-1) in {unknown.sum()} of {len(subject)} training clips"
        )
    by_clip = bool(unknown.all())
    unit = np.arange(len(subject)) if by_clip else subject
    units = np.unique(unit)
    if len(units) < 2:
        kind = "clip" if by_clip else "subject"
        raise ValueError(
            f"{protocol}: cannot hold out {share:g} of {len(units)} training {kind} for validation"
        )
    count = int(np.clip(np.floor(share * len(units) + 0.5), 1, len(units) - 1))
    chosen = units[np.argsort(hashed(seed, Draw.VALIDATION, units))[:count]]
    return np.isin(unit, chosen)
