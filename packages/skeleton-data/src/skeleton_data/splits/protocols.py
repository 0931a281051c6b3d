"""Which clips train, which select the model and which test: the protocols of NTU RGB+D, and predicates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from skeleton_data.splits.columns import known_column, meets
from skeleton_data.splits.folds import folds
from skeleton_data.splits.grammar import Folds, Named, Own, Sides, parse_protocol
from skeleton_data.splits.grammar import Protocol as Protocol
from skeleton_data.store.store import ClipIndex
from skeleton_data.transforms.draws import Draw, hashed

Predicate = Callable[[ClipIndex], NDArray[np.bool_]]

NTU60_SUBJECTS = (1, 2, 4, 5, 8, 9, *range(13, 20), 25, 27, 28, 31, 34, 35, 38)
NTU120_SUBJECTS = (
    *NTU60_SUBJECTS,
    *(45, 46, 47, 49, 50, *range(52, 60), 70, 74, 78, *range(80, 87), 89, *range(91, 96), 97, 98, 100, 103),
)
NTU60_CAMERAS = (2, 3)


@dataclass(frozen=True)
class Split:
    """Clip numbers of each side, (k,) int64, sorted; no clip is on two sides.

    Attributes:
        train: To fit.
        validation: Held out from the training side, to select the model by; empty unless asked for.
        test: To report, never to select by.
        notes: What whoever reports an accuracy on the test side should know, a sentence each.
    """

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]
    notes: tuple[str, ...] = ()


def split(
    index: ClipIndex, protocol: Protocol, *, validation: float = 0.0, seed: int = 0, fold: int | None = None
) -> Split:
    """Split the clips of a store by a protocol.

    `ntu60-xsub` and `ntu120-xsub` train on the official subjects, `ntu60-xview` on cameras 2 and 3,
    `ntu120-xset` on the even setups; `odd-subjects` trains on the subjects with odd numbers and tests
    on the even ones; `first-takes` trains on the first half of the takes (replications) that have the same
    label, subject, camera and setup, tests on the last third and leaves out those between; `all` has no
    test side. NTU RGB+D: Shahroudy et al., CVPR 2016; NTU RGB+D 120: Liu et al., TPAMI 2019.

    `COLUMN in 1,3,5-8` trains on the clips with these values and tests on all others, `COLUMN in 1,3 /
    COLUMN in 2,4` tests on those named; conditions may be joined by `and`. `leave-one-subject-out`,
    `leave-one-out(COLUMN)`, `folds(COLUMN, K)` and `folds(K)` have folds (see `folds`); `fold` is taken.
    `own`, the split of the data set, is that of a store: see `divide`.

    Args:
        index: The clips.
        protocol: The protocol.
        validation: Fraction of the training *subjects* held out, rounded to whole subjects: at least one,
            never all, and only those with a labelled clip if two or more have one. If no clip of the training
            side has a known subject, a fraction of its *clips*.
        seed: Which subjects are held out; for one seed a larger fraction holds out the same ones and more. Of
            folds also how they are dealt out.
        fold: Of a protocol with folds: which, from 1.

    Raises:
        ValueError: An unknown protocol, a column that it needs is unknown (-1) or out of its range, an
            empty side, a fold that it does not have, or too few subjects to hold one out.

    Example:
        >>> import numpy as np
        >>> column = np.arange(1, 9)
        >>> clips = ClipIndex(*[column] * 7)
        >>> split(clips, "odd-subjects", validation=0.25).test
        array([1, 3, 5, 7])
        >>> split(clips, "leave-one-subject-out", fold=3).test
        array([2])
    """
    wanted = parse_protocol(protocol)
    if fold is not None and not isinstance(wanted, Folds):
        raise ValueError(f"fold: {fold}, but the protocol {protocol} has no folds")
    match wanted:
        case Own():
            raise ValueError(f"{protocol}: only a store keeps the split of its data set; use divide")
        case Sides():
            train = meets(index, protocol, wanted.train)
            test = ~train if wanted.test is None else meets(index, protocol, wanted.test)
            if (train & test).any():
                clip = int(np.argmax(train & test))
                raise ValueError(f"{protocol}: clip {clip} is on the training and on the test side")
        case Folds():
            return _one_fold(index, protocol, wanted, validation, seed, fold)
        case _:
            train, test = _named(index, wanted)
    _require(train, f"{protocol}: the training side")
    if protocol != "all":
        _require(test, f"{protocol}: the test side")
    return _split(index, train, test, validation, seed, protocol)


def _named(index: ClipIndex, protocol: Named) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which clips train and which test."""
    match protocol:
        case "ntu60-xsub":
            train = np.isin(known_column(index, protocol, "subject", highest=40), NTU60_SUBJECTS)
        case "ntu60-xview":
            train = np.isin(known_column(index, protocol, "camera", highest=3), NTU60_CAMERAS)
        case "ntu120-xsub":
            train = np.isin(known_column(index, protocol, "subject", highest=106), NTU120_SUBJECTS)
        case "ntu120-xset":
            train = known_column(index, protocol, "setup", highest=32) % 2 == 0
        case "odd-subjects":
            train = known_column(index, protocol, "subject") % 2 == 1
        case "first-takes":
            place = _place_among_takes(index)
            return place < 0.5, place >= 2 / 3
        case "all":
            train = np.ones(len(index), dtype=bool)
    return train, ~train


OF_CLIPS = (
    "clips of one person stand on both sides: the accuracy is that for people whom the model has learnt from,"
    " and will be lower for others"
)
"""What folds of clips overstate."""


def _one_fold(
    index: ClipIndex, protocol: str, wanted: Folds, validation: float, seed: int, fold: int | None
) -> Split:
    every = folds(index, protocol, seed=seed)
    if fold is None:
        raise ValueError(f"{protocol} has {len(every)} folds; give fold, from 1")
    if not 1 <= fold <= len(every):
        raise ValueError(f"fold: {fold}, but {protocol} has folds 1 to {len(every)}")
    test = np.zeros(len(index), dtype=bool)
    test[every[fold - 1].test] = True
    sides = _split(index, ~test, test, validation, seed, protocol)
    return sides if wanted.column else replace(sides, notes=(f"{protocol}: {OF_CLIPS}.",))


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


def _place_among_takes(index: ClipIndex) -> NDArray[np.float64]:
    """Return where a clip stands among the takes of its kind: from 0, the first, to below 1."""
    take = known_column(index, "first-takes", "replication")
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
    fraction: float,
    seed: int,
    protocol: str,
) -> Split:
    kept, held_out = hold_out(index, np.flatnonzero(train), fraction, seed, protocol)
    return Split(train=kept, validation=held_out, test=np.flatnonzero(test))


def hold_out(
    index: ClipIndex, train: NDArray[np.int64], fraction: float, seed: int, protocol: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Divide training clips (k,) into those to fit and those held out, by subject where one is known.

    Subjects (or clips) without a label are not held out if two others have one: they cannot choose weights.

    Raises:
        ValueError: `fraction` is not at least 0 and below 1, or there are too few subjects or clips.
    """
    if not 0 <= fraction < 1:
        raise ValueError(f"validation must be at least 0 and below 1, got {fraction}")
    if fraction == 0:
        return train, train[:0]
    labelled = np.asarray(index.label)[train] >= 0
    held_out = _held_out(np.asarray(index.subject)[train], labelled, fraction, seed, protocol)
    return train[~held_out], train[held_out]


def _held_out(
    subject: NDArray[np.integer], labelled: NDArray[np.bool_], fraction: float, seed: int, protocol: str
) -> NDArray[np.bool_]:
    """Return which of the training clips, given their subjects and whether they have labels, are held out."""
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
            f"{protocol}: cannot hold out {fraction:g} of {len(units)} training {kind} for validation"
        )
    useful = np.unique(unit[labelled])
    useful = useful if len(useful) > 1 else units
    count = int(np.clip(np.floor(fraction * len(units) + 0.5), 1, len(useful) - 1))
    chosen = useful[np.argsort(hashed(seed, Draw.VALIDATION, useful))[:count]]
    return np.isin(unit, chosen)
