"""A split as a file: made once, then the same for everyone who reads it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, model_validator

from skeleton_data.clips import Side
from skeleton_data.errors import DataError
from skeleton_data.files.text import read_bytes
from skeleton_data.mistakes import first_mistake
from skeleton_data.replacing import replacing
from skeleton_data.splits.grammar import COLUMNS
from skeleton_data.splits.protocols import Split
from skeleton_data.store.store import ClipIndex

SIDES: tuple[Side, ...] = ("train", "validation", "test")
Clips = tuple[Annotated[int, Field(ge=0)], ...]


class SplitFile(BaseModel):
    """What the file holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["skeleton-split"] = Field(description="tells a split from any other file")
    version: Literal[1] = Field(description="version of the format")
    made: dict[str, Any] = Field(description="how it was made: protocol, seeds, fractions")
    clips: int = Field(ge=1, description="clips of the store")
    index_sha256: str = Field(pattern="^[0-9a-f]{64}$", description="fingerprint of the store's index")
    train: Clips = Field(description="clips to fit")
    validation: Clips = Field(
        validation_alias=AliasChoices("validation", "val"),  # `val` as the version before wrote it
        description="clips that select the model",
    )
    test: Clips = Field(description="clips to report")

    @model_validator(mode="after")
    def _check(self) -> Self:
        last = max((clip for name in SIDES for clip in getattr(self, name)), default=0)
        if last >= self.clips:
            raise ValueError(f"clip {last} is not one of {self.clips}")
        return self

    @property
    def split(self) -> Split:
        """The sides as arrays."""
        train, validation, test = (np.array(getattr(self, name), dtype=np.int64) for name in SIDES)
        return Split(train=train, validation=validation, test=test)


def require_one_side(split: Split, name: Callable[[int], int | str] = int) -> None:
    """Check that no clip is on two sides, or on one twice.

    Args:
        split: The sides.
        name: Returns how the message names a clip; by default its number.

    Raises:
        ValueError: One is; names it.

    Example:
        >>> clips = np.arange(3)
        >>> require_one_side(Split(clips[:2], clips[:0], clips[1:]), ("wave", "sit", "jump").__getitem__)
        Traceback (most recent call last):
        ...
        ValueError: clip 'sit' is on the sides train and test; leave it on one
    """
    found: dict[int, str] = {}
    for side in SIDES:
        for clip in getattr(split, side).tolist():
            if clip in found:
                where = f"sides {found[clip]} and {side}" if found[clip] != side else f"side {side} twice"
                raise ValueError(f"clip {name(clip)!r} is on the {where}; leave it on one")
            found[clip] = side


def save_split(
    path: str | Path,
    split: Split,
    index: ClipIndex,
    *,
    made: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> None:
    """Write a split as JSON, with a fingerprint of the index that it belongs to, atomically.

    Args:
        path: The new file.
        split: The sides.
        index: Of the store that was split.
        made: How it was made, for those who read the file.
        overwrite: Replace a file that is already there.

    Raises:
        DataError: The file exists, or its folder does not.
        ValueError: Clips that the index does not have, or one on two sides.
    """
    content = SplitFile(
        format="skeleton-split",
        version=1,
        made=dict(made or {}),
        clips=len(index),
        index_sha256=_fingerprint(index),
        train=tuple(split.train.tolist()),
        validation=tuple(split.validation.tolist()),
        test=tuple(split.test.tolist()),
    )
    require_one_side(split)
    with replacing(path, overwrite=overwrite) as draft:
        draft.write_text(json.dumps(content.model_dump(mode="json")) + "\n", encoding="utf-8")


def load_split(path: str | Path, index: ClipIndex, *, name: Callable[[int], int | str] = int) -> Split:
    """Read a split that was made for exactly this index.

    Args:
        path: The file.
        index: Of the store that is split.
        name: Returns how messages name a clip; by default its number.

    Raises:
        DataError: The file is missing, is no split, was made for another store, or has a clip on two sides.

    Example:
        >>> import tempfile
        >>> from skeleton_data import split
        >>> clips = ClipIndex(*[np.arange(1, 9)] * 7)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_split(f"{folder}/odd.json", split(clips, "odd-subjects"), clips)
        ...     load_split(f"{folder}/odd.json", clips).train
        array([0, 2, 4, 6])
    """
    try:
        content = SplitFile.model_validate_json(read_bytes(Path(path)))
    except ValidationError as error:
        note = "this is not what `skeleton-data split` writes (write lists of clip names as text or CSV)"
        raise first_mistake(error, path, SplitFile, note=note) from None
    if content.index_sha256 != _fingerprint(index):
        raise DataError.at(
            path,
            f"it was made for another store of {content.clips} clips; the {len(index)} clips here have other"
            " labels, subjects or lengths: make it again, or list clip names in a text or CSV file",
        )
    try:
        require_one_side(content.split, name)
    except ValueError as error:
        raise DataError.at(path, str(error)) from None
    return content.split


def _fingerprint(index: ClipIndex) -> str:
    """Return the SHA-256 over all columns."""
    digest = hashlib.sha256()
    for name in COLUMNS:
        column: NDArray[np.int32] = getattr(index, name)
        digest.update(np.ascontiguousarray(column, dtype="<i4").tobytes())
    return digest.hexdigest()
