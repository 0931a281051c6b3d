"""Pre-train SkeletonMAE: mask, rebuild, keep the encoder. No label is looked at.

    python apps/pretrain.py configs/pretrain/kinect-v1.toml --mask.joint_ratio 0.6
    accelerate launch apps/pretrain.py configs/pretrain/paper-ntu60-xsub.toml --folder runs/paper

`--help` lists every field of a recipe. The folder of the run receives encoder/ (for finetune.py),
model.safetensors, result.json, config.toml, metrics.jsonl, tensorboard/, and checkpoints/ to resume from.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args

from pydantic import Field

from engine.data import PretrainClips, PretrainData, count
from engine.encoder import fit_encoder
from engine.errors import exit_on_bad_input, input_errors, leave_processes, writing
from engine.optimizer import Adam, OptimizerConfig
from engine.recipe import RecipeSection, read_recipe
from engine.results import PretrainResult
from engine.run_folder import RUN_SHORTCUTS, RunConfig, RunFolder
from engine.schedule import MultiStep, ScheduleConfig
from engine.training import TrainingConfig
from skeleton_mask import MaskConfig
from skeletonmae import SkeletonMAEConfig

if TYPE_CHECKING:
    from skeletonmae import SkeletonMAE

MASK_SHORTCUTS = {
    f"model.mask.{field}": f"mask.{field}"
    for kind in get_args(get_args(MaskConfig)[0])
    for field in kind.model_fields
}
"""`--mask.joint_ratio` for `--model.mask.joint_ratio`."""


class PretrainConfig(RecipeSection):
    """Pre-train SkeletonMAE: mask, rebuild, keep the encoder. No label is looked at."""

    data: PretrainData = Field(description="What it is trained on.")
    model: SkeletonMAEConfig = Field(SkeletonMAEConfig(), description="What is trained.")
    optimizer: OptimizerConfig = Field(Adam(), description="How weights move.")
    schedule: ScheduleConfig = Field(MultiStep(), description="How the learning rate goes.")
    training: TrainingConfig = Field(TrainingConfig(), description="How long.")
    run: RunConfig = Field(description="Where it goes.")

    def fitted(self, clips: PretrainClips) -> PretrainConfig:
        """This recipe with what follows from the data filled in."""
        encoder = fit_encoder(
            self.model.encoder, clips.layout, self.data.sampling, classes=0, field="model.encoder"
        )
        return self.model_copy(update={"model": self.model.model_copy(update={"encoder": encoder})})

    def build(self) -> SkeletonMAE:
        """Build the model; a mask that does not fit the skeleton is found here."""
        import torch

        from skeletonmae import SkeletonMAE

        model = SkeletonMAE(self.model)
        clip = torch.ones(1, 3, self.data.sampling.frames, self.model.encoder.joints, 1)
        model.eval()(clip, generator=torch.Generator())
        return model.train()


def run(config: PretrainConfig, *, bar: Mapping[str, Any] | None = None) -> PretrainResult | None:
    """Pre-train.

    Args:
        config: The recipe.
        bar: Options of tqdm: `{"disable": True}` for silence, `{"position": 1, "leave": False}` to nest.

    Returns:
        The result; None after a dry run.

    Raises:
        InputError: If data, recipe or folder cannot be used; nothing has been written then.
        RunError: If the run ends before it is done; the kinds are in `engine.errors`.
    """
    began = time.perf_counter()
    with input_errors():
        clips = config.data.open()
        config = config.fitted(clips)
        folder = RunFolder.claim(config.run, config)
        if finished := folder.finished(PretrainResult):
            return finished

    import torch
    from safetensors.torch import save_model

    from engine.checkpoint import Checkpoints
    from engine.dry_run import describe
    from engine.interruption import Interruption
    from engine.learner import Learner
    from engine.loaders import Loaders
    from engine.rebuilding import present_bodies, rebuilding_loss
    from engine.run_log import RunLog
    from engine.selection import Selection
    from engine.session import begin, weight_checksums
    from engine.weights import save_encoder
    from skeleton_mask import clip_seeds

    training, seed = config.training, config.training.seed
    plan, preprocessing = training.plan(count(clips.train)), clips.preprocessing(config.data.sampling)
    accelerator = begin(config.run, training, plan)
    with input_errors():
        model = config.build()
    if config.run.dry_run:
        return describe(accelerator, folder, config, plan, preprocessing, model, generator=torch.Generator())
    learner = Learner(accelerator, model, config, plan)
    checkpoints = Checkpoints(accelerator, folder, keep=config.run.keep_checkpoints)
    state = checkpoints.load()
    best = Selection(folder.checkpoints, **state["best"])
    loaders = Loaders(accelerator, config.data.sampling, clips.bodies, seed, config.run.workers)
    validation = loaders.evaluation(clips.validation, plan) if clips.validation else None

    log = RunLog(accelerator, folder, plan, config, clips.train, state=state, bar=bar or {})
    with Interruption(accelerator) as interruption:
        for step, batch in log.steps(loaders.training(clips.train, plan, start=state["step"])):
            for part in learner.parts(batch, present_bodies):
                masks = clip_seeds(seed, step // plan.steps_per_epoch, part.clip)
                learner.backward(learner.model(part.joints, generator=masks).loss)
            done = log.trained(learner.update(step))
            if plan.ends_period(done):
                model, score = learner.evaluated(), float(done)
                if validation:
                    score = -rebuilding_loss(model, validation, accelerator, seed=seed)
                    log.record("validation", loss=-score)
                best.offer(accelerator, model, step=done, score=(score,))
            checkpoints.after_step(plan, interruption, log=log, best=best)
    log.close()

    model = learner.evaluated()
    checksums = weight_checksums(accelerator, model)
    best.restore(accelerator, model)
    result = PretrainResult(
        folder=folder.path,
        steps=plan.steps,
        selected_step=best.step,
        validation_loss=-best.score[0] if validation else None,
        train_clips=count(clips.train),
        validation_clips=count(clips.validation),
        parameters=sum(weights.numel() for weights in model.parameters()),
        seconds=round(time.perf_counter() - began, 1),
        num_processes=accelerator.num_processes,
        checksums=checksums,
    )
    if accelerator.is_main_process:
        with writing(folder.path):
            save_model(model, str(folder.path / "model.safetensors"))
            save_encoder(model.encoder, folder.path / "encoder", preprocessing)
        folder.write_json("result.json", result.model_dump(mode="json"))
    accelerator.wait_for_everyone()
    return result


def main() -> None:
    """Read the recipe named on the command line and run it."""
    with exit_on_bad_input("pretrain"):
        shortcuts = RUN_SHORTCUTS | MASK_SHORTCUTS
        run(read_recipe(PretrainConfig, sys.argv[1:], program="pretrain", shortcuts=shortcuts))
    leave_processes()


if __name__ == "__main__":
    main()
