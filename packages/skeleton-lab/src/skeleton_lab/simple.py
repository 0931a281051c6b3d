"""Train and test a simple baseline: nearest clip, linear layer, MLP, GRU or random convolutions.

    skeleton-lab simple --data.store STORE --data.protocol odd-subjects --folder FOLDER --model.kind nearest
    skeleton-lab simple configs/simple/utd-mhad.toml --model.kind gru --data.label_fraction 0.1
    skeleton-lab simple configs/simple/utd-mhad.toml --model.kind hydra --data.validation 0

Every number of a clip, after sampling, is an input; nothing is augmented. Weights of a network are selected
by accuracy on subjects held out from the training side; the other kinds have nothing to select. Hydra,
MiniRocket and MultiRocketHydra are aeon's (`pip install 'skeleton-lab[aeon]'`). `--help` lists every field.
The folder of the run receives result.json, config.toml, labels.json (which labels were used) and SHA256SUMS.
"""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import Field

from skeleton_data import class_table
from skeleton_lab.baselines.config import AEON, SimpleModel, SimpleTraining
from skeleton_lab.data.finetune_clips import FinetuneClips, FinetuneData
from skeleton_lab.errors import exit_on_bad_input, input_errors
from skeleton_lab.recipe.recipe import RecipeSection, read_recipe
from skeleton_lab.runs.answers import ANSWERS
from skeleton_lab.runs.ending import accuracy
from skeleton_lab.runs.folder import RUN_SHORTCUTS, RunConfig, RunFolder
from skeleton_lab.runs.provenance import provenance
from skeleton_lab.runs.results import UNTRAINED, Origin, TestResult
from skeleton_lab.runs.workers import is_first_process, tell_notes
from skeleton_lab.studies import cross_validate

DEFAULT = "simple/utd-mhad"
"""The recipe of a run that names none; its data are left out."""

OUTPUTS = ("labels.json", ANSWERS)
"""What a run ends with besides its result, and `--resume` of one that has ended requires."""


class SimpleConfig(RecipeSection):
    """Train and test a simple baseline: nearest clip, linear layer, MLP, GRU or random convolutions."""

    data: FinetuneData = Field(description="The clips that the classifier is trained and tested on.")
    model: SimpleModel = Field(SimpleModel(), description="The classifier.")
    training: SimpleTraining = Field(SimpleTraining(), description="Training of a network, and the seed.")
    run: RunConfig = Field(description="Folder of the run, and how the run is watched.")

    def resolved(self, clips: FinetuneClips) -> SimpleConfig:
        """Return this recipe; nothing in it follows from the data."""
        return self


class SimpleResult(Origin):
    """What it came to (result.json)."""

    folder: Path
    test: TestResult
    validation_top1: float | None = Field(description="Accuracy on held-out clips; it selects weights.")
    selected_step: int = Field(description="Step of the weights that were kept.")
    train_clips: int = Field(description="Clips whose labels were trained on.")
    untrained: list[str] = Field([], description=UNTRAINED)
    validation_clips: int = Field(description="Clips whose labels served to select the weights.")
    parameters: int
    seconds: float


def run(config: SimpleConfig, *, bar: Mapping[str, Any] | None = None) -> SimpleResult | None:
    """Train and test; a dry run has no result, and of several processes only the first does anything.

    Args:
        config: The recipe.
        bar: Options of tqdm: `{"disable": True}` for silence, `{"position": 1, "leave": False}` to nest.

    Raises:
        InputError: If data, recipe or folder cannot be used; nothing has been written then.
    """
    if not is_first_process():
        return None
    began = time.perf_counter()
    with input_errors():
        clips = config.data.open()
        clips.require_test()
        folder = RunFolder.check(config.run, config, clips.fingerprints)
        if finished := folder.finished(SimpleResult, *OUTPUTS):
            return finished
    tell_notes("simple", clips.notes)
    if config.run.dry_run:
        print(class_table(clips.counts, clips.classes), "", tomli_w.dumps(folder.config), sep="\n")
        print(f"folder: {folder.path} (nothing was written)")
        return None

    import torch

    from skeleton_data import save_subset
    from skeleton_lab.baselines.learning import learn
    from skeleton_lab.baselines.raw_coordinates import read_clips
    from skeleton_lab.evaluation.metrics import answers_to, test_result

    torch.manual_seed(config.training.seed)
    sides = {"train": clips.train, "validation": clips.validation, "test": clips.test}
    read = {name: read_clips(clips, side, config.data.sampling) for name, side in sides.items() if len(side)}
    classes = len(clips.classes)
    model, step, accuracy = learn(
        config.model,
        config.training,
        read["train"],
        classes=classes,
        validation=read.get("validation"),
        bar=bar,
    )
    inputs, labels = read["test"]
    with torch.no_grad():
        scores, ordered = model.eval()(inputs), config.model.kind not in AEON
    result = SimpleResult(
        folder=folder.path,
        test=test_result(scores, labels, clips.classes, ordered=ordered),
        validation_top1=accuracy,
        selected_step=step,
        train_clips=len(clips.train),
        untrained=clips.untrained,
        validation_clips=len(clips.validation),
        parameters=sum(weights.numel() for weights in model.parameters()),
        seconds=round(time.perf_counter() - began, 1),
        made_with=provenance(),
        data=folder.data,
    )
    folder.prepare()
    answers_to(clips, scores).write(folder.path / ANSWERS)
    save_subset(folder.path / "labels.json", clips.train, clips.store.index.label)
    folder.end(result, *OUTPUTS)
    folder.unlock()
    return result


@exit_on_bad_input("simple")
def main() -> None:
    """Read the recipe named on the command line and run it, or every fold of its protocol."""
    config = read_recipe(
        SimpleConfig, sys.argv[1:], program="simple", shortcuts=RUN_SHORTCUTS, default=DEFAULT
    )
    if cross_validate.has_folds(config):
        cross_validate.run(config)
    elif result := run(config):
        print(accuracy(result.test))
        print(f"The predictions are in {result.folder / ANSWERS}.")
        command = shlex.join(["skeleton-lab", "compare", "--by", "clip", str(result.folder)])
        print(f"Compare them with those of another run: {command} RUN")


if __name__ == "__main__":
    main()
