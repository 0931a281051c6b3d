"""Options with which the files of a model's training were imported: files to be recognised need the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from skeleton_data import DataError, ImportConfig, Preprocessing, Up, layout_names

OPTIONS = ("up", "source_layout", "min_confidence")
"""Options that are taken from the training. The rate counts only for files that do not say theirs."""


def as_in_training(
    source: Path,
    kind: str,
    preprocessing: Preprocessing,
    config: ImportConfig,
    notes: list[str],
    *,
    names_joints: bool = False,
) -> tuple[ImportConfig, frozenset[str]]:
    """Return how to read a file, with the options of the training in the place of those that are not given.

    Args:
        source: The file or folder.
        kind: Its format.
        preprocessing: That of the model.
        config: The options that are given.
        notes: Gets a sentence that names the options of the training, once for each format.
        names_joints: Whether the file names its joints, so that no layout is to be said.

    Returns:
        The options, and the names of those that were taken from the training.

    Raises:
        DataError: The training had several values of an option, or one that only its own folder knows.
    """
    taken = {}
    for option in OPTIONS:
        if option == "source_layout" and names_joints:
            continue
        value = trained_value(option, source, kind, preprocessing, config)
        if value is not None:
            taken[option] = value
    if "source_layout" in taken and taken["source_layout"] not in layout_names():
        raise DataError.at(
            source,
            f"the files of the training had the joints of {taken['source_layout']}, a file that is not in the"
            " model: give the option source_layout",
        )
    if taken:
        said = " and ".join(f"the option {option}={value}" for option, value in taken.items())
        note = f"files of the format {kind} are read with {said}, as those of the training were"
        notes += [note] if note not in notes else []
    return config.model_copy(update=taken), frozenset(taken)


def trained_value(
    option: str, source: Path, kind: str, preprocessing: Preprocessing, config: ImportConfig
) -> Any:
    """Return the value of an option in the training; None where another is given, or there was none.

    Raises:
        DataError: The training had several values.
    """
    if getattr(config, option) not in (None, "auto"):
        return None
    values = {getattr(each, option) for each in preprocessing.imported if each.format == kind}
    if option == "fps":
        values.discard(None)  # of files that say it
    if len(values) > 1:
        raise DataError.at(
            source,
            f"some files of the format {kind} in the training were imported with another value of the option"
            f" {option} than others: give the option {option}",
        )
    return next(iter(values), None)


def turned_upright(preprocessing: Preprocessing) -> list[str]:
    """Return which axes but y options of the training said to point up."""
    return sorted({each.up for each in preprocessing.imported if each.up not in (None, "y")})


def up_of_arrays(preprocessing: Preprocessing, config: ImportConfig, what: str) -> Up:
    """Return the axis that points up in arrays or frames, which nothing says but the options.

    Raises:
        DataError: It is not given, but files of the training were turned upright by an option.
    """
    if config.up != "auto":
        return config.up
    if turned := turned_upright(preprocessing):
        raise DataError(
            f"{what} does not say what points up, and files of the training were imported with"
            f" {' or '.join(turned)} up: give the option up={turned[0]}, or the option up=y if y points up"
        )
    return "y"
