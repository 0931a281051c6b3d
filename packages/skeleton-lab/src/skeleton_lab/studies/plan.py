"""What a study has to run: for each row, column and seed, pre-trainings and trainings with labels.

Runs are distinguished by their recipes with all options: rows and tables that need the same pre-training have
the same run, whether a field is in the file or given.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skeleton_lab.errors import InputError
from skeleton_lab.recipe.library import find_recipe
from skeleton_lab.recipe.settings import Settings, merged, options
from skeleton_lab.recipe.text_files import read_toml
from skeleton_lab.studies.apps import APPS, AppName
from skeleton_lab.studies.columns import Column, columns
from skeleton_lab.studies.study import Preset, Row, Sizes, Stage, Stream, Study


@dataclass(frozen=True)
class Run:
    """One call of an app.

    Attributes:
        app: The app.
        arguments: Its command line.
        folder: Where it saves what comes of it.
        needs: What must be finished before.
    """

    app: AppName
    arguments: tuple[str, ...]
    folder: Path
    needs: tuple[Run, ...] = ()

    @property
    def command(self) -> str:
        """The same from the command line."""
        return shlex.join(["skeleton-lab", self.app, *self.arguments])

    @property
    def result(self) -> Path:
        """What it ends with."""
        return self.folder / APPS[self.app].result

    @property
    def finished(self) -> bool:
        """Whether it has come to its end."""
        return self.result.is_file()


@dataclass(frozen=True)
class Trial:
    """A row, in a column, with a seed.

    Attributes:
        row: The row.
        column: The column.
        seed: The seed.
        pretrainings: One, or one for each stream, or none.
        learnings: Trainings with labels, one for each stream.
        answer: The run that is tested: the only training, or what fuses several, or looks at an encoder.
        fold: Of a protocol with folds: which.
    """

    row: Row
    column: Column
    seed: int
    pretrainings: tuple[Run, ...]
    learnings: tuple[Run, ...]
    answer: Run
    fold: int | None = None

    @property
    def runs(self) -> Iterable[Run]:
        """In order, each once."""
        needed = (need for run in self.learnings for need in run.needs)
        return dict.fromkeys((*self.pretrainings, *needed, *self.learnings, self.answer))


def distinct(trials: Iterable[Trial]) -> list[Run]:
    """Return the runs of trials, each once."""
    return list(dict.fromkeys(run for trial in trials for run in trial.runs))


def plan(study: Study) -> list[Trial]:
    """All trials of a study, whether or not they are among those to run.

    Raises:
        InputError: If preset, sizes or data cannot be used, or a store to test on is pre-trained on whole.
    """
    tested = {path.resolve() for path in study.data}
    if seen := [path for path in study.unlabelled if path.resolve() in tested]:
        raise InputError(
            f"unlabelled: {seen[0]} is in data too, and pre-training would see its test clips; leave it out"
        )
    preset = study.read_preset()
    sizes = study.read_sizes(preset)
    data_columns = columns(study.data, study.protocols, study.labels, study.split)
    return [
        _Planner(study, preset, sizes, fold).trial(row, column, seed)
        for row in study.rows
        for column in data_columns
        for seed in range(study.seeds)
        for fold in column.folds or (None,)
    ]


@dataclass(frozen=True)
class _Planner:
    study: Study
    preset: Preset
    sizes: Sizes
    fold: int | None

    def trial(self, row: Row, column: Column, seed: int) -> Trial:
        streams = row.streams or (None,)
        before = {
            stream: self._pretraining(row, column, seed, stream) if row.pretrain != "none" else None
            for stream in streams
        }
        if APPS[self.preset.stages[row.learn].app].trains:
            learnings = tuple(self._learning(row, column, seed, *each) for each in before.items())
            alone = len(learnings) == 1 and row.views == 1
            answer = learnings[0] if alone else self._fusion(row, column, seed, learnings)
        else:
            learnings = ()
            answer = self._evaluation(row, column, seed, before)
        pretrainings = tuple(dict.fromkeys(filter(None, before.values())))
        return Trial(row, column, seed, pretrainings, learnings, answer, self.fold)

    def _pretraining(self, row: Row, column: Column, seed: int, stream: Stream | None) -> Run:
        stage, study = self.preset.stages[row.pretrain], self.study
        everything = study.transductive and self.fold is not None
        place: dict[str, Any] = {"store": str(column.store), **column.division}
        place |= {"protocol": "all"} if everything else {} if self.fold is None else {"fold": self.fold}
        own = [place] if row.clips != "unlabelled" else []
        others = [{"store": str(store)} for store in study.unlabelled] if row.clips != "data" else []
        if not own + others:
            raise InputError(
                f"unlabelled: row {row.name!r} needs a store to pre-train on; name one with --unlabelled"
            )
        given: Settings = {"data": {"sources": own + others}, "training": {"seed": seed}}
        if study.side == "validation":
            given["data"]["split_seed"] = seed  # who is held out here is not pre-trained on either
        if epochs := self._epochs(stage, row.length):
            given["training"]["epochs"] = epochs
        given = merged(given, _taking(stage.stream, stream))
        settings = merged(self._common(row, stage), row.pretrain_settings, given)
        name = f"{row.pretrain}-{place.get('protocol', column.protocol)}" + (
            f"-fold{place['fold']}" if "fold" in place else ""
        )
        return self._run(stage, settings, name, seed)

    def _learning(
        self, row: Row, column: Column, seed: int, stream: Stream | None, before: Run | None
    ) -> Run:
        stage, study = self.preset.stages[row.learn], self.study
        given: Settings = {"data": column.clips(seed, study.side, self.fold), "training": {"seed": seed}}
        if study.steps:
            given["training"]["steps"] = study.steps
        common = self._common(row, stage)
        if field := APPS[stage.app].starts_from:
            given[field] = str(self._encoder(row, before, stream)) if before else row.pretrained
            if study.epochs:
                given["training"]["epochs"] = study.epochs
            if study.select:
                given["training"]["select"] = study.select
            common = merged(common, self.preset.finetuning.get(row.encoder, {}))
        given = merged(given, _taking("data.sampling.stream", stream))
        settings = merged(common, row.learn_settings, given)
        name, teacher = self._name(row, column), None
        if settings.get("self_training", {}).get("rounds"):  # its first training may be that of another row
            plain = {field: value for field, value in settings.items() if field != "self_training"}
            teacher = self._run(stage, plain, name, seed, before)
            settings = merged(settings, {"self_training": {"teacher": str(teacher.folder)}})
        return self._run(stage, settings, name, seed, before, teacher)

    def _evaluation(
        self, row: Row, column: Column, seed: int, before: dict[Stream | None, Run | None]
    ) -> Run:
        stage = self.preset.stages[row.learn]
        runs = {stream: run for stream, run in before.items() if run}
        models = [str(self._encoder(row, run, stream)) for stream, run in runs.items()]
        models += [row.pretrained] if row.pretrained else []
        if not models:
            raise InputError(f"rows: {row.name!r} has nothing to evaluate, because it pre-trains nothing")
        given: Settings = {"data": column.clips(seed, self.study.side, self.fold)}
        settings = merged(stage.settings, row.learn_settings, given, self._shown(row))
        return self._run(stage, settings, self._name(row, column), seed, *runs.values(), models=models)

    def _fusion(self, row: Row, column: Column, seed: int, learnings: tuple[Run, ...]) -> Run:
        models = [str(run.folder) for run in learnings]
        stage = Stage(app="evaluate")
        return self._run(stage, self._shown(row), self._name(row, column), seed, *learnings, models=models)

    def _shown(self, row: Row) -> Settings:
        """Return what an evaluation shows: a side, in views, by several models that count differently."""
        weights: Settings = {"weights": ",".join(map(str, row.weights))} if row.weights else {}
        weights |= {"views": row.views} if row.views > 1 else {}
        return weights | ({"side": self.study.side} if self.study.side != "test" else {})

    def _encoder(self, row: Row, run: Run, stream: Stream | None) -> Path:
        """Where the encoder of a stream is."""
        apart = stream not in (None, "joint") and not self.preset.stages[row.pretrain].stream
        return run.folder / str(stream) if apart else run.folder

    def _name(self, row: Row, column: Column) -> str:
        labels = column.labels.replace("%", "pct").replace("/", "-per-")
        fold = "" if self.fold is None else f"-fold{self.fold}"
        return f"{row.learn}-{column.protocol}{fold}-{labels}"

    def _common(self, row: Row, stage: Stage) -> Settings:
        """Return the settings of a stage before those of the row for it: sampling, stage, network."""
        sampling = merged(self.preset.sampling, row.sampling)
        encoder = {"kind": row.encoder} | self.sizes.encoders.get(row.encoder, {}) | row.network
        field = APPS[stage.app].network
        network = _nested(field, encoder) if field else {}
        if field == "model.encoder" and row.encoder in self.sizes.decoders:
            network["model"]["decoder"] = {"kind": row.encoder} | self.sizes.decoders[row.encoder]
        return merged({"data": {"sampling": sampling}} if sampling else {}, network, stage.settings)

    def _epochs(self, stage: Stage, length: float) -> int | None:
        """Epochs of a pre-training, if they are not the recipe's."""
        if length == 1:
            return self.study.epochs
        own = self.study.epochs or stage.settings.get("training", {}).get("epochs")
        return max(1, round(length * (own or _content(stage.recipe)["training"]["epochs"])))

    def _run(
        self,
        stage: Stage,
        settings: Settings,
        name: str,
        seed: int,
        *needs: Run | None,
        models: Iterable[str] = (),
    ) -> Run:
        first = [str(stage.recipe)] if stage.recipe else []
        whole = [stage.app, *models, merged(_content(stage.recipe), settings)]
        digest = hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:8]
        plain = re.sub(r"[^\w.-]+", "-", name)
        folder = self.study.folder / stage.app / f"{plain}-seed{seed}-{digest}"
        arguments = (*first, *models, *options(settings), *APPS[stage.app].into(folder))
        return Run(stage.app, arguments, folder, tuple(filter(None, needs)))


def _taking(field: str, stream: Stream | None) -> Settings:
    """Return a field set to a stream; "joint" is left unnamed, so that rows share their runs."""
    return _nested(field, stream) if field and stream not in (None, "joint") else {}


def _nested(field: str, value: Any) -> Settings:
    """Return a dotted field as nested tables."""
    first, _, rest = field.partition(".")
    return {first: _nested(rest, value) if rest else value}


def _content(recipe: Path | None) -> Settings:
    return read_toml(find_recipe(recipe)) if recipe else {}
