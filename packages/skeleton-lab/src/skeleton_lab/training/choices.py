"""What `finetune` and `pretrain` choose by the clips that they find, where the command line names no recipe.

Every choice was measured on real recordings (docs/results), and holds within what was measured. The first
choice of an app that applies is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeVar

import numpy as np

from skeleton_data import Units
from skeleton_lab.data.clips import count
from skeleton_lab.data.finetune_clips import FinetuneClips
from skeleton_lab.data.pretrain_clips import PretrainClips
from skeleton_lab.errors import input_errors
from skeleton_lab.recipe.recipe import RecipeSection, read_recipe
from skeleton_lab.recipe.settings import Settings, options
from skeleton_lab.runs.workers import tell_notes

Trained = Literal["finetune", "pretrain"]
"""The apps that choose."""

RECIPES: Mapping[Trained, str] = {"finetune": "finetune/default", "pretrain": "pretrain/default"}
"""What is read where no recipe is named."""

FEW, MANY = 3, 10
"""Self-training gained with at most FEW labels per class, and at least MANY unlabelled clips per label."""
MOST = 10_000
"""Pre-training was measured with fewer clips."""


@dataclass(frozen=True)
class Found:
    """What the data of a recipe holds.

    Attributes:
        labelled: Clips whose labels are trained on; none in pre-training.
        unlabelled: Clips of the training side that are there without a label.
        classes: Classes.
        units: What joints are measured in.
    """

    labelled: int
    unlabelled: int
    classes: int
    units: Units

    @property
    def few_labels(self) -> bool:
        """Whether self-training is known to gain, as far as numbers of clips tell."""
        enough = self.unlabelled >= MANY * self.labelled
        return self.labelled <= FEW * self.classes and enough and self.units == "m"


@dataclass(frozen=True)
class Choice:
    """What is set where something was found.

    Attributes:
        applies: Whether it is for what was found.
        why: Why, with the counts of what was found as fields; says how to do otherwise.
        settings: What is set otherwise than in the recipe.
    """

    applies: Callable[[Found], bool]
    why: str
    settings: Settings = field(default_factory=dict)


CHOICES: Mapping[Trained, Sequence[Choice]] = {
    "finetune": (
        Choice(
            lambda found: found.few_labels,
            "{labelled} clips have a label and {unlabelled} have none, so 2 rounds of self-training learn "
            "from both; --self_training.rounds 0 learns from labels alone.",
            {"self_training": {"rounds": 2}},
        ),
        Choice(
            lambda found: not found.unlabelled,
            "All {labelled} clips have a label, so the run learns from all of them.",
        ),
        Choice(
            lambda found: True,
            "{labelled} clips have a label and {unlabelled} have none, so the run learns from labels alone: "
            f"self-training gained in 3D, with 1 to {FEW} labels per class and {MANY} clips for each label; "
            "--self_training.rounds 2 learns from the others too.",
        ),
    ),
    "pretrain": (
        Choice(
            lambda found: found.unlabelled <= MOST,
            "The run takes 20 epochs over {unlabelled} clips, which was measured with 1,500 to 6,700 clips; "
            "--training.epochs takes another number.",
            {"training": {"epochs": 20}},
        ),
        Choice(lambda found: True, "The run sees {unlabelled} clips, for as many epochs as the recipe says."),
    ),
}
"""The choices of each app."""

DECIDED: Mapping[Trained, Sequence[str]] = {
    "finetune": (
        *("self_training", "data.unlabelled", "transductive"),
        *("training.select", "training.balanced_sampling"),
    ),
    "pretrain": ("training.epochs", "training.steps"),
}
"""Fields with which the command line decides itself what would be chosen, or that may not fit to it."""

Section = TypeVar("Section", bound=RecipeSection)


def read_or_choose(
    recipe: type[Section], arguments: Sequence[str], *, program: Trained, shortcuts: Mapping[str, Any]
) -> Section:
    """Read the command line of an app; where it names no recipe, choose by the clips, and say what and why.

    Args:
        recipe: The class of the recipe.
        arguments: The command line without the program's name.
        program: The app.
        shortcuts: Shorter names for fields.

    Raises:
        InputError: If a recipe, a value or the data cannot be used.
        SystemExit: With code 0, after printing the help.
    """
    read = partial(read_recipe, recipe, program=program, shortcuts=shortcuts, default=RECIPES[program])
    config = read(arguments)
    if config.named:
        return config
    notes = [f"No recipe is named, so the run takes {RECIPES[program]}, the default of docs/results."]
    if not any(map(config.is_given, DECIDED[program])):
        with input_errors():
            found = look(config)
        choice = next(each for each in CHOICES[program] if each.applies(found))
        notes.append(choice.why.format(**vars(found)))
        config = read([*arguments, *options(choice.settings)])
    tell_notes(program, notes)
    return config


def look(recipe: Any) -> Found:
    """Open the data of a recipe, of folds those of the first, and return what it holds."""
    data = recipe.data
    if sources := getattr(data, "sources", None):
        firsts = [each.model_copy(update={"fold": 1}) if each.every_fold else each for each in sources]
        data = data.model_copy(update={"sources": tuple(firsts)})
    elif data.every_fold:
        data = data.model_copy(update={"fold": 1})
    clips: FinetuneClips | PretrainClips = data.open()
    if isinstance(clips, PretrainClips):
        return Found(0, count(clips.train), 0, clips.train[0][0].meta.units)
    others = np.setdiff1d(clips.unlabelled, clips.train)
    return Found(len(clips.train), len(others), len(clips.classes), clips.store.meta.units)
