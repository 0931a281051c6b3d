"""The runs of a cross-validation: one for each fold, and one on all clips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skeleton_data import SkeletonStore
from skeleton_lab.data.division import Division
from skeleton_lab.data.finetune_clips import FinetuneData
from skeleton_lab.data.pretrain_clips import PretrainData
from skeleton_lab.errors import InputError
from skeleton_lab.recipe.recipe import RecipeSection
from skeleton_lab.recipe.text_files import read_json

EVERYTHING = "all"
"""Folder of the run on all clips."""


@dataclass(frozen=True, eq=False)
class FoldRun:
    """The training of a fold, or on all clips.

    Attributes:
        app: The app.
        number: Of the fold; None on all clips.
        name: What is tested in it, as `subject 3`.
        config: The recipe.
    """

    app: str
    number: int | None
    name: str
    config: Any

    @property
    def needs(self) -> tuple[FoldRun, ...]:
        """No fold needs another."""
        return ()

    @property
    def folder(self) -> Path:
        """Where it saves what comes of it."""
        folder: Path = self.config.run.folder
        return folder

    @property
    def finished(self) -> bool:
        """Whether it has come to its end."""
        return (self.folder / "result.json").is_file()

    @property
    def command(self) -> str:
        """What it is, for messages."""
        return f"{self.app}, {self.name}"


def folded_source(data: FinetuneData | PretrainData) -> Division | None:
    """Return the part of the data that stands for all folds of its protocol, if there is one.

    Raises:
        InputError: If there are several.
    """
    sources = [data] if isinstance(data, FinetuneData) else list(data.sources)
    found = [source for source in sources if source.every_fold]
    if len(found) > 1:
        raise InputError("data.sources: only one of them may have all folds of a protocol")
    return found[0] if found else None


def fold_runs(config: Any, app: str, *, everything: bool) -> tuple[SkeletonStore, list[FoldRun]]:
    """Plan the runs of all folds.

    Args:
        config: The recipe of all of them.
        app: The app.
        everything: Whether there is also a run on all clips.

    Returns:
        The store that is divided, and the runs.

    Raises:
        InputError: If the store cannot be read, or the protocol does not fit it.
    """
    source = folded_source(config.data)
    assert source is not None
    store = source.open_store()
    names = source.folds(store, seed=config.data.split_seed)
    runs = [FoldRun(app, number, name, _of_fold(config, number)) for number, name in names.items()]
    if everything:
        runs.append(FoldRun(app, None, "all clips", _of_fold(config, None)))
    return store, runs


def _of_fold(config: Any, number: int | None) -> RecipeSection:
    """Return the recipe of a fold, or of all clips."""
    place = EVERYTHING if number is None else f"fold-{number:02d}"
    division = {"protocol": "all", "fold": None} if number is None else {"fold": number}
    if isinstance(config.data, FinetuneData):
        data = config.data.model_copy(update=division)
    else:
        sources = [
            source.model_copy(update=division) if source.every_fold else source
            for source in config.data.sources
        ]
        data = config.data.model_copy(update={"sources": tuple(sources)})
    where = {"folder": config.run.folder / place, "resume": True, "overwrite": False}
    changes: dict[str, Any] = {"data": data, "run": config.run.model_copy(update=where)}
    pretrained = getattr(config, "pretrained", None)
    if pretrained and (Path(pretrained) / place).is_dir():
        changes["pretrained"] = str(Path(pretrained) / place)
    fold: RecipeSection = config.model_copy(update=changes)
    return fold


def finished_answers(runs: list[FoldRun]) -> Iterator[tuple[FoldRun, dict[str, Any]]]:
    """Yield the folds, without the run on all clips, each with what stands in its result.json."""
    for run in runs:
        if run.number is not None:
            yield run, read_json(run.folder / "result.json")
