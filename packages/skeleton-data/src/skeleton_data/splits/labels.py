"""Few labels: stratified subsets that nest, and that are the same on every rank and machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skeleton_data.errors import DataError
from skeleton_data.files.json_file import load_json
from skeleton_data.files.numbers import as_numbers
from skeleton_data.replacing import replacing
from skeleton_data.transforms.draws import Draw, hashed


def label_subset(
    labels: ArrayLike,
    *,
    fraction: float | None = None,
    per_class: int | None = None,
    seed: int,
    names: Sequence[str] = (),
) -> NDArray[np.int64]:
    """Draw labelled clips, the same fraction or number of each class.

    A class of `n` clips gives `floor(fraction * n + 0.5)` of them, at least one, or `per_class`. For
    one seed the subsets nest: 5 % is contained in 10 %, and one a class in both. Clips without a label (-1)
    are never drawn.

    Args:
        labels: (n,) class of each clip, -1 = unknown.
        fraction: Fraction of each class, above 0 and at most 1.
        per_class: Clips of each class, at least 1.
        seed: Which subset.
        names: Names of the classes, for messages.

    Returns:
        (k,) sorted positions in `labels`.

    Raises:
        ValueError: Not exactly one of `fraction` and `per_class`, one out of range, no labels, or a
            class with fewer than `per_class` clips.

    Example:
        >>> labels = [0] * 10 + [1] * 30
        >>> subset = label_subset(labels, fraction=0.1, seed=0)
        >>> len(subset), set(subset) <= set(label_subset(labels, fraction=0.2, seed=0))
        (4, True)
    """
    labels = _as_labels(labels)
    if (fraction is None) == (per_class is None):
        raise ValueError(
            f"give either fraction or per_class, got fraction={fraction} and per_class={per_class}"
        )
    if fraction is not None and not 0 < fraction <= 1:
        raise ValueError(f"fraction must be above 0 and at most 1, got {fraction}")
    if per_class is not None and per_class < 1:
        raise ValueError(f"per_class must be at least 1, got {per_class}")
    order = np.lexsort((hashed(seed, Draw.LABELS, np.arange(len(labels))), labels))
    order = order[labels[order] >= 0]
    if len(order) == 0:
        raise ValueError(f"none of the {len(labels)} clips has a label")
    classes, first, count = np.unique(labels[order], return_index=True, return_counts=True)
    if fraction is not None:
        wanted = np.maximum(np.floor(fraction * count + 0.5).astype(np.int64), 1)
    else:
        wanted = np.full_like(count, per_class)
        if (count < wanted).any():
            poor = int(np.argmin(count))
            name = names[classes[poor]] if classes[poor] < len(names) else classes[poor]
            raise ValueError(
                f"class {name} has {count[poor]} training clips, but {per_class} of each class are asked for"
            )
    rank = np.arange(len(order)) - np.repeat(first, count)
    return np.sort(order[rank < np.repeat(wanted, count)])


def save_subset(path: str | Path, positions: ArrayLike, labels: ArrayLike) -> None:
    """Write a subset as JSON, with a fingerprint of the labels that it belongs to, atomically.

    Raises:
        ValueError: A position that is not in `labels`.
    """
    labels, chosen = _as_labels(labels), np.asarray(positions, dtype=np.int64)
    _check_positions(chosen, len(labels))
    content = {
        "format": 1,
        "clips": len(labels),
        "labels_sha256": _fingerprint(labels),
        "positions": chosen.tolist(),
    }
    with replacing(path) as draft:
        draft.write_text(json.dumps(content) + "\n", encoding="utf-8")


def load_subset(path: str | Path, labels: ArrayLike) -> NDArray[np.int64]:
    """Read a subset that was drawn for exactly these labels.

    Returns:
        (k,) positions in `labels`, as saved.

    Raises:
        DataError: The file is missing, is no label subset, or was made for other labels.
    """
    labels = _as_labels(labels)
    try:
        content = load_json(Path(path))
        version, fingerprint, clips = content["format"], content["labels_sha256"], content["clips"]
        positions = as_numbers(content["positions"])
    except DataError:
        raise
    except (ValueError, KeyError, TypeError):
        raise DataError.at(
            path, "not a label subset: expected JSON with format, clips, labels_sha256, positions"
        ) from None
    if version != 1:
        raise DataError.at(path, expected="format 1", found=f"{version!r}")
    if fingerprint != _fingerprint(labels):
        raise DataError.at(
            path, f"it was made for another set of {clips} labels, not for these {len(labels)}"
        )
    try:
        _check_positions(positions, len(labels))
    except ValueError as error:
        raise DataError.at(path, str(error)) from None
    return positions.astype(np.int64)


def _as_labels(labels: ArrayLike) -> NDArray[np.int64]:
    array = np.asarray(labels)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError(f"labels must be a row of integers, got shape {array.shape} of {array.dtype}")
    return array.astype(np.int64)


def _check_positions(positions: NDArray[Any], count: int) -> None:
    if positions.ndim != 1 or len(positions) == 0 or positions.dtype.kind not in "iu":
        raise ValueError(
            f"positions must be a row of integers, got shape {positions.shape} of {positions.dtype}"
        )
    if positions.min() < 0 or positions.max() >= count:
        raise ValueError(
            f"positions go from {positions.min()} to {positions.max()}, but there are {count} labels"
        )


def _fingerprint(labels: NDArray[np.int64]) -> str:
    return hashlib.sha256(labels.astype("<i8").tobytes()).hexdigest()
