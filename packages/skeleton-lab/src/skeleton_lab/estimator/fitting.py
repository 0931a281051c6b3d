"""The way of arrays through the engine: a store and a run in a temporary folder, a model in memory."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from skeleton_data import SkeletonLayout, StoreWriter, Units, replacing_folder
from skeleton_lab.errors import InputError, UnknownFieldError, input_errors
from skeleton_lab.estimator.parameters import nested
from skeleton_lab.inference.recogniser import Recogniser
from skeleton_lab.models.model_card import CARD
from skeleton_lab.models.model_folder import files_of, write_checksums
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.recipe.recipe import RecipeSection, read_recipe
from skeleton_lab.recipe.settings import merged, options
from skeleton_lab.runs.workers import silent_notes

Section = TypeVar("Section", bound=RecipeSection)

FPS = 30.0
"""What a store must say, and no recipe of the estimators asks for."""
OURS = {"run": None, "pretrained": None, "data": {"store", "dataset", "sources", "protocol"}}
"""Fields that settings may not have: the arguments say them."""
ARGUMENTS = {"data.labels_per_class": "labels_per_class", "self_training.rounds": "self_training"}
"""The argument that gives each of these fields, for messages."""


@dataclass(frozen=True)
class ModelFiles:
    """The files of a saved model, in memory: they survive the folder of their run, and can be pickled.

    Attributes:
        contents: By name; nothing in them is run.
    """

    contents: Mapping[str, bytes]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the files of a model, and its card if it has one."""
        names = [*files_of(folder), *([CARD] if (folder / CARD).is_file() else [])]
        return cls({name: (folder / name).read_bytes() for name in names})

    @cached_property
    def recogniser(self) -> Recogniser:
        """The network, built of the files at first use."""
        with workshop(verbose=False) as folder:
            return Recogniser(SavedModel.open(self.write(folder)))

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the network, which is built of the files again."""
        return {"contents": self.contents}

    def save(self, folder: str | Path, *, overwrite: bool) -> None:
        """Write them, with checksums, atomically.

        Raises:
            InputError: If something is there, or the folder cannot be written.
        """
        with input_errors():
            Path(folder).absolute().parent.mkdir(parents=True, exist_ok=True)
            with replacing_folder(folder, overwrite=overwrite) as draft:
                self.write(draft)

    def write(self, folder: Path) -> Path:
        """Write them into a folder that is there, and return it."""
        for name, content in self.contents.items():
            (folder / name).write_bytes(content)
        write_checksums(folder)
        return folder


@contextmanager
def workshop(*, verbose: bool) -> Iterator[Path]:
    """Yield a temporary folder for a run; random generators are afterwards as they were before.

    Args:
        verbose: Whether what the engine says is printed.
    """
    python, numpy = random.getstate(), np.random.get_state()
    with tempfile.TemporaryDirectory(prefix="skeleton-lab-") as folder, torch.random.fork_rng():
        try:
            if verbose:
                yield Path(folder)
            else:
                with redirect_stdout(None), silent_notes():
                    yield Path(folder)
        except InputError as error:
            if folder not in str(error):
                raise
            message = (
                str(error).replace(f"{folder}/clips: all: ", "clips and groups: ").replace(folder, "clips")
            )
            raise InputError(message) from error
        finally:
            random.setstate(python)
            np.random.set_state(numpy)


def write_store(
    path: Path,
    clips: Sequence[NDArray[np.float32]],
    layout: SkeletonLayout,
    units: Units,
    *,
    labels: NDArray[np.int64] | None = None,
    classes: NDArray[Any] | None = None,
    subjects: NDArray[np.int64],
) -> Path:
    """Write clips (T, M, V, 3) as a store, and return its folder.

    Args:
        path: The folder.
        clips: The clips.
        layout: Their skeleton.
        units: Of their positions.
        labels: Class of each, -1 without one.
        classes: The classes; names of the store are what `str` makes of them.
        subjects: Who moves in each, -1 where that is not known.
    """
    names = [] if classes is None else [str(each) for each in classes.tolist()]
    labels = np.full(len(clips), -1) if labels is None else labels
    with input_errors(), StoreWriter(path, layout=layout, class_names=names, fps=FPS, units=units) as writer:
        for number, clip in enumerate(clips):
            name, label, subject = f"clips[{number}]", int(labels[number]), int(subjects[number])
            writer.add(clip, name=name, label=label, subject=subject)
    return path


def completed(
    section: type[Section],
    recipe: str | Path,
    settings: Mapping[str, Any] | None,
    ours: Mapping[str, Any],
    *,
    program: str,
) -> Section:
    """Return what an app runs: a recipe, settings over it, and what the estimator decides.

    Args:
        section: What the app takes.
        recipe: TOML file, or its name in `configs/`.
        settings: As the user gives them.
        ours: What the estimator decides.
        program: Its name, for messages.

    Raises:
        InputError: If settings have fields that are not there, or not theirs to say, or if a value cannot be
            used; names the field, or the argument that gives it.
    """
    given = nested(settings or {})
    for table, fields in OURS.items():
        found = given.get(table, {})
        if table in given and (fields is None or (isinstance(found, Mapping) and fields & found.keys())):
            setting = table if fields is None else f"{table}.{', '.join(sorted(fields & found.keys()))}"
            raise InputError(
                f"settings: {setting} cannot be set here: the arguments of the estimator and of fit decide it"
            )
    try:
        return read_recipe(section, [str(recipe), *options(merged(given, ours))], program=program)
    except UnknownFieldError as error:
        app = section.__module__.rpartition(".")[2]
        raise InputError(
            f"settings: there is no field {error.field}; `skeleton-lab {app} --help` lists the fields"
        ) from error
    except InputError as error:
        names = {field: name for field, name in ARGUMENTS.items() if _has(ours, field)}
        if not any(each.field in names for each in error.complaints):
            raise
        raise InputError.of(
            replace(each, field=names.get(each.field, each.field)) for each in error.complaints
        ) from error


def _has(tables: Mapping[str, Any], field: str) -> bool:
    table, _, name = field.partition(".")
    return name in tables.get(table, {})
