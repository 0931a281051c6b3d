"""The classes of a saved classifier, as the values that they were in `fit`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_lab.errors import InputError
from skeleton_lab.models.model_folder import CLASSES
from skeleton_lab.recipe.text_files import read_json


def read_classes(folder: Path, names: Sequence[str]) -> NDArray[Any]:
    """Return the classes (K,) of a classifier, in the order of its scores.

    Args:
        folder: That of the classifier. Where it has a `classes.json`, that says them; else names that are
            all whole numbers become numbers.
        names: The class names of its preprocessing.

    Raises:
        InputError: If the file is damaged, or has other classes than the preprocessing.
    """
    file = folder / CLASSES
    if not file.is_file():
        numbers = all(re.fullmatch("0|-?[1-9][0-9]*", name) for name in names)
        return np.array([int(name) for name in names] if numbers else list(names))
    values = read_json(file)
    kinds = {type(value) for value in values} if isinstance(values, list) else set()
    if len(kinds) != 1 or not kinds < {bool, int, str} or [str(value) for value in values] != list(names):
        raise InputError(f"{file}: expected the classes {', '.join(names)} as names, numbers or truth values")
    return np.array(values)
