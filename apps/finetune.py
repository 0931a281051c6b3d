"""Train a classifier, from a pre-trained encoder or from scratch, and test it once.

    python apps/finetune.py configs/finetune/utd-mhad.toml --pretrained runs/kinect-v1
    accelerate launch apps/finetune.py configs/finetune/paper-ntu60-xsub.toml --pretrained runs/paper

`--help` lists every field of a recipe. Weights are selected by their accuracy on subjects held out from the
training side. The folder of the run receives classifier/, result.json, labels.json (which labels were used),
config.toml, metrics.jsonl, tensorboard/, and checkpoints/ to resume from.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from engine.data import FinetuneClips, FinetuneData
from engine.encoder import EncoderConfig, fit_encoder, pretrained_encoder
from engine.errors import exit_on_bad_input, input_errors, leave_processes
from engine.optimizer import Adam, OptimizerConfig
from engine.recipe import RecipeSection, read_recipe
from engine.results import FinetuneResult, TestResult
from engine.run_folder import RUN_SHORTCUTS, RunConfig, RunFolder
from engine.schedule import MultiStep, ScheduleConfig
from engine.training import TrainingConfig
from sttformer import STTFormerConfig


class FinetuneTraining(TrainingConfig):
    """Length, batches and loss of a fine-tuning."""

    label_smoothing: float = Field(0.1, ge=0, lt=1, description="Label smoothing of the cross-entropy.")


class FinetuneConfig(RecipeSection):
    """Train a classifier, from a pre-trained encoder or from scratch, and test it once."""

    pretrained: Path | None = Field(None, description="Folder of a pre-training run (default: from scratch).")
    data: FinetuneData = Field(description="What it is trained and tested on.")
    model: EncoderConfig = Field(
        STTFormerConfig(tuple_frames=2),
        description="The network; with `pretrained`, what is set must agree.",
    )
    optimizer: OptimizerConfig = Field(Adam(), description="How weights move.")
    schedule: ScheduleConfig = Field(MultiStep(), description="How the learning rate goes.")
    training: FinetuneTraining = Field(FinetuneTraining(), description="How long.")
    run: RunConfig = Field(description="Where it goes.")

    def fitted(self, clips: FinetuneClips) -> FinetuneConfig:
        """This recipe with what follows from the data and the pre-trained encoder filled in."""
        model = self.model
        if self.pretrained is not None:
            model = pretrained_encoder(
                self.pretrained, self.model, clips.preprocessing(self.data.sampling), store=self.data.store
            )
        model = fit_encoder(
            model, clips.store.layout, self.data.sampling, classes=len(clips.classes), field="model"
        )
        return self.model_copy(update={"model": model})


def run(config: FinetuneConfig, *, bar: Mapping[str, Any] | None = None) -> FinetuneResult:
    """Train a classifier and test it.

    Args:
        config: The recipe.
        bar: Options of tqdm: `{"disable": True}` for silence, `{"position": 1, "leave": False}` to nest.

    Raises:
        InputError: If data, recipe, weights or folder cannot be used; nothing has been written then.
    """
    began = time.perf_counter()
    with input_errors():
        clips = config.data.open()
        config = config.fitted(clips)
        folder = RunFolder.claim(config.run, config)
        if finished := folder.finished(FinetuneResult):
            return finished

    from torch.nn import functional as F

    from engine.checkpoint import Selection, load_checkpoint, save_checkpoint
    from engine.loaders import Loaders
    from engine.metrics import recognise
    from engine.optimise import optimise
    from engine.run_log import RunLog
    from engine.session import average_statistics, begin, weight_checksums
    from engine.weights import build_encoder, load_encoder, save_encoder
    from skeleton_data import save_subset

    training, seed, store = config.training, config.training.seed, clips.store
    names = clips.classes
    plan = training.plan(len(clips.train))
    accelerator = begin(config.run, plan, seed=seed)
    with input_errors():
        model = build_encoder(config.model.model_copy(update={"num_classes": 0}))
        if config.pretrained is not None:
            load_encoder(model, config.pretrained / "encoder")
        model.reset_classifier(len(names))
    optimizer = config.optimizer.build(model.parameters())
    scheduler = config.schedule.build(optimizer, plan.steps)
    wrapped, optimizer, scheduler = accelerator.prepare(model, optimizer, scheduler)
    state = load_checkpoint(accelerator, folder)
    best = Selection(folder.checkpoints / "best.safetensors", **state["best"])
    loaders = Loaders(accelerator, config.data.sampling, clips.bodies, seed, config.run.workers)
    validation = loaders.evaluation([(store, clips.validation)], plan) if len(clips.validation) else None

    log = RunLog(accelerator, folder, plan, start=state["step"], log_steps=training.log_steps, bar=bar or {})
    for _, batch in log.steps(loaders.training([(store, clips.train)], plan, start=state["step"])):
        scores = wrapped(batch.joints)
        loss = F.cross_entropy(scores, batch.label, label_smoothing=training.label_smoothing)
        loss = loss * plan.weight(len(batch.clip), accelerator.num_processes)
        learning_rate = scheduler.get_last_lr()[0]
        optimise(accelerator, wrapped, optimizer, scheduler, loss, clip_norm=training.clip_norm)
        done = log.trained(loss, learning_rate=learning_rate)
        if plan.ends_period(done):
            average_statistics(accelerator, model)
            score = (float(done),)
            if validation:
                accuracy = recognise(model, validation, accelerator, classes=len(names))
                log.record("validation", loss=accuracy.loss, top1=accuracy.top1, top5=accuracy.top5)
                score = (accuracy.top1, -accuracy.loss)
            best.offer(accelerator, model, step=done, score=score)
            save_checkpoint(accelerator, folder.checkpoints, step=done, best=best)

    checksums = weight_checksums(accelerator, model)
    best.restore(accelerator, model)
    test = recognise(model, loaders.evaluation([(store, clips.test)], plan), accelerator, classes=len(names))
    log.record("test", top1=test.top1, top5=test.top5)
    log.close()
    result = FinetuneResult(
        folder=folder.path,
        pretrained=config.pretrained,
        test=TestResult(clips=test.clips, top1=test.top1, top5=test.top5, per_class=test.per_class(names)),
        validation_top1=best.score[0] if validation else None,
        selected_step=best.step,
        steps=plan.steps,
        train_clips=len(clips.train),
        validation_clips=len(clips.validation),
        parameters=sum(weights.numel() for weights in model.parameters()),
        seconds=round(time.perf_counter() - began, 1),
        num_processes=accelerator.num_processes,
        checksums=checksums,
    )
    if accelerator.is_main_process:
        save_encoder(model, folder.path / "classifier", clips.preprocessing(config.data.sampling))
        save_subset(folder.path / "labels.json", clips.train, store.index.label)
        folder.write_json("result.json", result.model_dump(mode="json"))
    accelerator.wait_for_everyone()
    return result


def main() -> None:
    """Read the recipe named on the command line and run it."""
    with exit_on_bad_input("finetune"):
        run(read_recipe(FinetuneConfig, sys.argv[1:], program="finetune", shortcuts=RUN_SHORTCUTS))
    leave_processes()


if __name__ == "__main__":
    main()
