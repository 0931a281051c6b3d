"""A study: the rows of a table, each named by what it changes, and the preset that they share.

A file of `configs/studies/` says what is compared: rows, label budgets, protocols, and the published numbers.
A file of `configs/presets/` says how: for each stage a recipe, and one sampling for all. A file of
`configs/sizes/` says how large the networks are. So one table can be made on other data, at another scale and
with another preset, and its rows still differ only in what they are about.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, StringConstraints, ValidationError, model_validator

from skeleton_data import Protocol
from skeleton_lab.data.division import SPLIT
from skeleton_lab.errors import InputError
from skeleton_lab.evaluation.data import HeldOutSide
from skeleton_lab.recipe.library import find_recipe
from skeleton_lab.recipe.recipe import RecipeSection, complaints
from skeleton_lab.recipe.settings import Settings, merged
from skeleton_lab.recipe.text_files import read_toml
from skeleton_lab.studies.apps import APPS, AppName
from skeleton_lab.training.plan import Select

Stream = Literal["joint", "bone", "motion"]
EncoderKind = Literal["sttformer", "stgcn", "transformer"]
Name = Annotated[str, StringConstraints(pattern=r"^[^,|\n]+$")]
"""Part of a table and of a command line."""
Labels = Annotated[str, StringConstraints(pattern=r"^(\d+(\.\d+)?%|[1-9]\d*/class)$")]
"""How many labels are used: a fraction of the training clips (`10%`), or clips of each class (`5/class`)."""


def _whole_protocols(given: Any) -> Any:
    """Return protocols whole where the command line was cut at every comma, as in `subject in 1,3,5`.

    A protocol begins with a letter; what follows a comma within one begins with a digit.

    Example:
        >>> _whole_protocols(["own", "subject in 1", 3, "5 / subject in 2", "folds(subject", "5)"])
        ['own', 'subject in 1,3,5 / subject in 2', 'folds(subject,5)']
    """
    if not isinstance(given, list | tuple) or not all(isinstance(part, str | int) for part in given):
        return given
    return [part.strip() for part in re.split(r",(?=\s*[^\s\d])", ",".join(map(str, given))) if given]


class Stage(RecipeSection):
    """An app with a recipe: a way to pre-train, to learn from labels, or to look at an encoder."""

    app: AppName = Field(description="App that runs the stage.")
    recipe: Path | None = Field(None, description="Recipe of the app; `evaluate` has none.")
    stream: str = Field(
        "data.sampling.stream",
        description="Of a pre-training: field that takes the stream; empty where one run makes an encoder of "
        "each, in folders of their names.",
    )
    settings: Settings = Field({}, description="Fields that differ from the recipe.")

    @model_validator(mode="after")
    def _has_a_recipe(self) -> Stage:
        if (self.recipe is not None) != APPS[self.app].trains:
            wrong = (
                "needs a recipe; name its file" if self.recipe is None else "takes no recipe; leave it out"
            )
            raise ValueError(f"app {self.app!r} {wrong}")
        return self


class Preset(RecipeSection):
    """The recipes that the methods of a study are compared with: a file of `configs/presets/`."""

    size: str = Field(description="Size of the networks: a file, or its name in configs/sizes/.")
    sampling: Settings = Field({}, description="`data.sampling` of all stages.")
    stages: dict[str, Stage] = Field(description="Ways to pre-train and to learn from labels, by name.")
    finetuning: dict[EncoderKind, Settings] = Field(
        {}, description="What fine-tunings of a kind of network set otherwise than their recipe."
    )


class Sizes(RecipeSection):
    """How large networks are: a file of `configs/sizes/`."""

    encoders: dict[EncoderKind, Settings] = Field(description="Fields of each kind of encoder.")
    decoders: dict[Literal["sttformer", "transformer"], Settings] = Field(
        description="Fields of each kind of decoder, which goes with the encoder of that kind."
    )


class Row(RecipeSection):
    """A row of a table: what it does otherwise than the preset says."""

    name: Name = Field(description="Heading of the row.")
    ours: bool = Field(
        False, description="Whether the publication that the study follows lacks the row; the table says so."
    )
    pretrain: str = Field("none", description="Stage that pre-trains; none: from scratch.")
    pretrained: str | None = Field(
        None,
        min_length=1,
        description="Model that it begins with in place of a pre-training: its folder or its name.",
    )
    learn: str = Field("finetune", description="Stage that learns from labels and is tested.")
    method: str | None = Field(
        None, description="Of a stage that evaluates: whose answers count, as `linear probe`."
    )
    streams: tuple[Stream, ...] = Field((), description="Streams that are learned apart, and fused.")
    weights: tuple[float, ...] = Field((), description="Weight of each stream (default: all equal).")
    views: int = Field(
        1,
        ge=1,
        description="Of a training with labels: parts of each clip that are shown (`evaluate --views`).",
    )
    encoder: EncoderKind = Field("sttformer", description="Type of the encoder.")
    clips: Literal["all", "data", "unlabelled"] = Field(
        "all", description="What is pre-trained on: the training side of `data`, `unlabelled`, or both."
    )
    length: float = Field(1.0, gt=0, description="Length of the pre-training, as a multiple of its epochs.")
    network: Settings = Field({}, description="Fields of the encoder, in both stages.")
    sampling: Settings = Field({}, description="`data.sampling`, in both stages.")
    pretrain_settings: Settings = Field({}, description="Fields of the pre-training's recipe.")
    learn_settings: Settings = Field({}, description="Fields of the recipe that learns from labels.")
    published: dict[str, float] = Field(
        {}, description="Published accuracy in percent, by protocol and labels, as `ntu60-xsub 10%`."
    )
    published_parameters: float | None = Field(None, gt=0, description="Published number of parameters.")

    @model_validator(mode="after")
    def _begins_in_one_way(self) -> Row:
        if self.streams and "stream" in self.sampling:
            raise ValueError("streams and sampling.stream both name what is learned from: leave one out")
        if self.pretrained and (self.pretrain != "none" or self.streams):
            raise ValueError("pretrained is one model, and cannot be combined with pretrain or streams")
        return self


File = TypeVar("File", Preset, Sizes)


class Study(RecipeSection):
    """Run a study: run or resume the trainings of each row, skip finished ones, and write the table."""

    name: Annotated[str, StringConstraints(pattern=r"^[\w-]+$")] = Field(description="Name of the files.")
    title: str = Field(description="Heading of the table.")
    source: str = Field("", description="Publication that the published numbers are from, if there are any.")
    notes: tuple[str, ...] = Field((), description="Notes on the published numbers, printed below the table.")
    data: Annotated[tuple[Path, ...], Field(min_length=1)] = Field(
        description="Stores to train and test on; each is a column of the table."
    )
    unlabelled: tuple[Path, ...] = Field(
        (), description="Further stores for pre-training alone; all of their clips are used."
    )
    protocols: Annotated[tuple[Protocol, ...], Field(min_length=1), BeforeValidator(_whole_protocols)] = (
        Field(
            description="Protocols that divide `data`; those of NTU RGB+D are used for the stores they fit."
        )
    )
    split: Path | None = Field(None, description=SPLIT)
    labels: Annotated[tuple[Labels, ...], Field(min_length=1)] = Field(
        ("100%",),
        description="Label budgets, one column each: a fraction as 10%, or clips per class as 5/class.",
    )
    preset: str = Field(
        "paper", description="Preset with the recipes of all stages: a file, or its name in configs/presets/."
    )
    model: str | None = Field(
        None,
        description="Sizes of the networks: a file, or its name in configs/sizes/ (default: the preset's).",
    )
    seeds: int = Field(
        1, ge=1, description="Number of repetitions, each with other initial weights and other labels."
    )
    epochs: int | None = Field(
        None,
        ge=1,
        description=(
            "Epochs of each pre-training, and of each fine-tuning that does not count steps "
            "(default: as in the recipes)."
        ),
    )
    steps: int | None = Field(
        None, ge=1, description="Optimizer steps of each training with labels (default: as in the recipes)."
    )
    select: Select | None = Field(
        None, description="How each fine-tuning selects its checkpoint (default: as in the recipes)."
    )
    row: tuple[str, ...] = Field(
        (), description="Rows to run (default: all); the table shows every row that is finished."
    )
    folder: Path = Field(
        Path("runs/reproduce"),
        description="Folder of all runs and tables; tables share the runs that they have in common.",
    )
    processes: int | None = Field(
        None,
        ge=1,
        description=(
            "Number of runs at once, each on one core or GPU; 1 runs them one after another, on "
            "all that `accelerate launch` was given (default: all cores, or all GPUs)."
        ),
    )
    side: HeldOutSide = Field(
        "test",
        description=(
            "Which clips the table reports: test, or validation clips that are held out from "
            "the training subjects, other subjects with each seed. Choose recipes by the "
            "latter."
        ),
    )
    transductive: bool = Field(
        False,
        description=(
            "Whether a protocol with folds pre-trains once on all clips of `data`, without "
            "labels, instead of once for each fold without its test clips; the table says so."
        ),
    )
    dry_run: bool = Field(False, description="Whether to print the commands without running anything.")
    spread: Literal["deviation", "interval"] = Field(
        "deviation",
        description=(
            "What stands beside each mean: the standard deviation, or half of the 95 % interval (Student)."
        ),
    )
    reference: str | None = Field(
        None,
        description=(
            "Row that the others are compared with; beside each mean stands the mean difference over seeds."
        ),
    )
    figure_rows: tuple[str, ...] = Field(
        (),
        max_length=6,
        description=(
            "Rows that the figure shows, at most six (default: the six with results in most columns)."
        ),
    )
    stages: dict[str, Stage] = Field({}, description="Stages that the preset lacks or has otherwise.")
    every: dict[str, Any] = Field({}, description="Fields of every row that does not set them itself.")
    rows: tuple[Row, ...] = Field(min_length=1, description="The rows of the table.")

    @model_validator(mode="before")
    @classmethod
    def _complete_rows(cls, values: Any) -> Any:
        """Give every row what holds for all."""
        if not isinstance(values, dict) or not isinstance(values.get("rows"), list | tuple):
            return values
        every = values.get("every") or {}
        return values | {
            "rows": [merged(every, row) if isinstance(row, dict) else row for row in values["rows"]]
        }

    @model_validator(mode="after")
    def _check(self) -> Study:
        names = [row.name for row in self.rows]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"rows: two are named {twice[0]!r}")
        for field, asked in (("row", self.row), ("figure_rows", self.figure_rows)):
            if unknown := sorted(set(asked) - set(names)):
                raise ValueError(f"{field}: there is no {unknown[0]!r} among {', '.join(map(repr, names))}")
        if self.reference is not None and self.reference not in names:
            raise ValueError(f"reference: no row is named {self.reference!r}")
        for row in self.rows:
            for cell in row.published:
                if not re.fullmatch(r"[\w-]+ (\d+(\.\d+)?%|\d+/class)", cell):
                    raise ValueError(
                        f"rows: {row.name!r} has a published number for {cell!r}, but a cell is a "
                        "protocol and labels, as 'ntu60-xsub 10%' or 'own 5/class'"
                    )
        return self

    def read_preset(self) -> Preset:
        """Return the preset, with the study's own stages.

        Raises:
            InputError: If the file cannot be used, or a row asks for a stage that is not there.
        """
        preset = _read(Preset, "presets", self.preset)
        preset = preset.model_copy(update={"stages": preset.stages | self.stages})
        for row in self.rows:
            for stage in (row.pretrain, row.learn):
                if stage not in preset.stages.keys() | {"none"}:
                    raise InputError(
                        f"rows: {row.name!r} needs stage {stage!r}, "
                        f"but preset {self.preset} has {', '.join(sorted(preset.stages))}"
                    )
        return preset

    def read_sizes(self, preset: Preset) -> Sizes:
        """How large networks are.

        Raises:
            InputError: If the file cannot be used.
        """
        return _read(Sizes, "sizes", self.model or preset.size)


def _read(section: type[File], folder: str, name: str) -> File:
    path = find_recipe(name, folder)
    try:
        return section(**read_toml(path))
    except ValidationError as error:
        found = (replace(complaint, file=path) for complaint in complaints(error, section))
        raise InputError.of(found) from error
