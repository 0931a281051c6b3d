"""What little does: nearest clip, linear layer, MLP or GRU on the joints, tested like a fine-tuning.

    python apps/simple.py configs/simple/utd-mhad.toml --model.kind gru --data.label_fraction 0.1

Every number of a clip, after sampling, is an input; nothing is augmented. Weights are selected by accuracy on
subjects held out from the training side. `--help` lists every field. The folder of the run receives
result.json, config.toml and labels.json (which labels were used).
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Literal

import tomli_w
from pydantic import BaseModel, Field

from skeleton_lab.data.clips import FinetuneClips, FinetuneData
from skeleton_lab.errors import exit_on_bad_input, input_errors
from skeleton_lab.recipe.recipe import RecipeSection, read_recipe
from skeleton_lab.runs.folder import RUN_SHORTCUTS, RunConfig, RunFolder
from skeleton_lab.runs.results import TestResult


class SimpleModel(RecipeSection):
    """What recognises the clips."""

    kind: Literal["nearest", "linear", "mlp", "gru"] = Field(
        "mlp", description="The nearest labelled clip, or a network."
    )
    width: int = Field(256, ge=1, description="Hidden channels of MLP and GRU.")
    dropout: float = Field(0.5, ge=0, lt=1, description="Dropout before the last layer of MLP and GRU.")


class SimpleTraining(RecipeSection):
    """How a network is trained, by AdamW on a falling cosine; nothing of it matters to the nearest clip."""

    steps: int = Field(400, ge=1, description="Optimiser steps.")
    batch_size: int = Field(256, ge=1, description="Clips of a step.")
    lr: float = Field(2e-3, gt=0, description="Learning rate at its highest.")
    weight_decay: float = Field(0.05, ge=0, description="Weight decay.")
    label_smoothing: float = Field(0.1, ge=0, lt=1, description="Label smoothing of the cross-entropy.")
    period: int = Field(20, ge=1, description="Steps between validations.")
    seed: int = Field(0, ge=0, description="Seed of weights and batches.")


class SimpleConfig(RecipeSection):
    """What little does: nearest neighbour, linear, MLP or GRU on the joints themselves."""

    data: FinetuneData = Field(description="What it is trained and tested on.")
    model: SimpleModel = Field(SimpleModel(), description="What recognises the clips.")
    training: SimpleTraining = Field(SimpleTraining(), description="How it is trained.")
    run: RunConfig = Field(description="Where it goes.")

    def resolved(self, clips: FinetuneClips) -> SimpleConfig:
        """This recipe: nothing in it follows from the data."""
        return self


class SimpleResult(BaseModel):
    """What it came to (result.json)."""

    folder: Path
    test: TestResult
    validation_top1: float | None = Field(description="Accuracy on held-out clips; it selects weights.")
    selected_step: int = Field(description="Step of the weights that were kept.")
    train_clips: int = Field(description="Clips whose labels were trained on.")
    validation_clips: int = Field(description="Clips whose labels served to select the weights.")
    parameters: int
    seconds: float


def run(config: SimpleConfig) -> SimpleResult | None:
    """Train and test; a dry run has no result.

    Args:
        config: The recipe.

    Raises:
        InputError: If data, recipe or folder cannot be used; nothing has been written then.
    """
    began = time.perf_counter()
    with input_errors():
        clips = config.data.open()
        folder = RunFolder.check(config.run, config)
        if finished := folder.finished(SimpleResult):
            return finished
    if config.run.dry_run:
        print(tomli_w.dumps(folder.config), f"folder: {folder.path} (nothing was written)", sep="\n")
        return None

    import torch

    from skeleton_data import save_subset
    from skeleton_lab.baselines.raw_coordinates import NearestClip, network, read_clips, train
    from skeleton_lab.evaluation.metrics import accuracy_of

    torch.manual_seed(config.training.seed)
    sides = {"train": clips.train, "validation": clips.validation, "test": clips.test}
    read = {name: read_clips(clips, side, config.data.sampling) for name, side in sides.items() if len(side)}
    classes = len(clips.classes)
    if config.model.kind == "nearest":
        model, step, accuracy = NearestClip(*read["train"], classes=classes), 0, None
        if "validation" in read:
            accuracy = accuracy_of(model(read["validation"][0]), read["validation"][1]).top1
    else:
        model = network(config.model, *read["train"], classes=classes)
        step, accuracy = train(model, config.training, *read["train"], validation=read.get("validation"))
    inputs, labels = read["test"]
    with torch.no_grad():
        test = accuracy_of(model.eval()(inputs), labels)
    result = SimpleResult(
        folder=folder.path,
        test=TestResult(
            clips=test.clips, top1=test.top1, top5=test.top5, per_class=test.per_class(clips.classes)
        ),
        validation_top1=accuracy,
        selected_step=step,
        train_clips=len(clips.train),
        validation_clips=len(clips.validation),
        parameters=sum(weights.numel() for weights in model.parameters()),
        seconds=round(time.perf_counter() - began, 1),
    )
    folder.prepare()
    save_subset(folder.path / "labels.json", clips.train, clips.store.index.label)
    folder.write_json("result.json", result.model_dump(mode="json"))
    folder.unlock()
    return result


@exit_on_bad_input("simple")
def main() -> None:
    """Read the recipe named on the command line and run it."""
    result = run(read_recipe(SimpleConfig, sys.argv[1:], program="simple", shortcuts=RUN_SHORTCUTS))
    if result:
        print(f"{100 * result.test.top1:.1f} % of {result.test.clips} test clips; saved in {result.folder}")


if __name__ == "__main__":
    main()
