"""An index of clips from a few columns, and a split as lists."""

import numpy as np

from skeleton_data import ClipIndex, Split


def index(**columns) -> ClipIndex:
    """An index in which the columns not given are unknown."""
    length = len(next(iter(columns.values())))
    names = ClipIndex.__dataclass_fields__
    return ClipIndex(**{name: np.array(columns.get(name, [-1] * length), dtype=np.int32) for name in names})


def sides(split: Split) -> tuple[list[int], list[int], list[int]]:
    for side in (split.train, split.validation, split.test):
        assert side.dtype == np.int64 and (np.diff(side) > 0).all()
    return split.train.tolist(), split.validation.tolist(), split.test.tolist()
