"""Pre-train SkeletonMAE: mask, reconstruct, keep the encoder. No labels are used.

    skeleton-lab pretrain --data.sources '[{"store": "data/mine"}]' --folder runs/mine/pretrained
    skeleton-lab pretrain configs/pretrain/kinect-v1.toml --mask.joint_ratio 0.6
    accelerate launch apps/pretrain.py configs/pretrain/paper-ntu60-xsub.toml --folder runs/paper

`--help` lists every field of a recipe, `--dry_run` says what a run would be. Without a recipe it is the
default one, with what suits the clips. The folder of the run receives encoder/ (for finetune.py),
model.safetensors, result.json, curves.png, config.toml, data.json, metrics.jsonl, SHA256SUMS, tensorboard/,
and checkpoints/ to resume from.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from pydantic import Field, model_validator

from skeleton_data import Augmentation
from skeleton_lab.data.clips import count
from skeleton_lab.data.pretrain_clips import PretrainClips, PretrainData
from skeleton_lab.errors import InputError, exit_on_bad_input, input_errors, writing
from skeleton_lab.models.network_config import part_errors, resolve_mask, resolve_network
from skeleton_lab.recipe.recipe import RecipeSection
from skeleton_lab.runs.ending import print_ending
from skeleton_lab.runs.folder import RUN_SHORTCUTS, RunConfig, RunFolder
from skeleton_lab.runs.results import PretrainResult
from skeleton_lab.runs.workers import keep_freed_memory
from skeleton_lab.studies import cross_validate
from skeleton_lab.studies.run_check import require_augmentation
from skeleton_lab.training.choices import read_or_choose
from skeleton_lab.training.mask_schedule import MaskSchedule
from skeleton_lab.training.optimizer import Adam, OptimizerConfig
from skeleton_lab.training.plan import TrainingConfig
from skeleton_lab.training.schedule import MultiStep, ScheduleConfig
from skeleton_mask import MaskConfig, scaled
from skeletonmae import MaskPlugin, SkeletonMAEConfig

if TYPE_CHECKING:
    from torch import Tensor

    from skeleton_data import ClipBatch
    from skeleton_lab.models.weights import Network
    from skeletonmae import SkeletonMAE

MASK_SHORTCUTS = {
    f"model.mask.{field}": f"mask.{field}"
    for kind in get_args(get_args(MaskConfig)[0])
    for field in kind.model_fields
}
"""`--mask.joint_ratio` for `--model.mask.joint_ratio`."""


OUTPUTS = ("metrics.jsonl", "model.safetensors", "encoder")
"""What a run ends with besides its result, and `--resume` of one that has ended requires."""


class PretrainConfig(RecipeSection):
    """Pre-train SkeletonMAE: mask, reconstruct, keep the encoder. No labels are used."""

    data: PretrainData = Field(description="The clips that the encoder is trained on.")
    model: SkeletonMAEConfig = Field(
        SkeletonMAEConfig(), description="The encoder, the decoder, the mask and the target."
    )
    view: Augmentation = Field(
        Augmentation(),
        description="Random changes of what the encoder sees; the latent target is of the unchanged clip.",
    )
    optimizer: OptimizerConfig = Field(Adam(), description="The optimizer and its peak learning rate.")
    schedule: ScheduleConfig = Field(
        MultiStep(), description="How the learning rate changes over the training."
    )
    mask_schedule: MaskSchedule = Field(
        MaskSchedule(), description="How the ratios of the mask change over the training."
    )
    training: TrainingConfig = Field(
        TrainingConfig(), description="Length of the training, batches, and how a step is computed."
    )
    run: RunConfig = Field(description="Folder of the run, and how the run is watched.")

    @model_validator(mode="after")
    def _view_has_a_target(self) -> PretrainConfig:
        if self.view != Augmentation() and self.model.latent is None:
            raise ValueError(
                "view needs a latent target (model.latent); without one, data.sampling.augment changes clips"
            )
        return self

    @model_validator(mode="after")
    def _ratios_can_be_scaled(self) -> PretrainConfig:
        self.scaled_mask(0, 1)
        return self

    def scaled_mask(self, step: int, steps: int) -> MaskConfig | None:
        """Return the mask of a step where it is not the model's own.

        Raises:
            ValueError: If its ratios cannot be multiplied.
        """
        if (factor := self.mask_schedule.factor(step, steps)) == 1:
            return None
        if isinstance(self.model.mask, MaskPlugin):
            raise ValueError(
                "mask_schedule multiplies the ratios of a mask of skeleton_mask, not of your own"
            )
        try:
            return scaled(self.model.mask, factor)
        except ValueError as error:
            raise ValueError(f"mask_schedule.start is too large: model.mask.{error}") from error

    def resolved(self, clips: PretrainClips) -> PretrainConfig:
        """Return this recipe with what follows from the data filled in."""
        missing = self.model.missing
        if self.data.layout is not None and clips.fewest_joints < len(clips.layout.joints):
            missing = self._masks_absent_joints()
        encoder = resolve_network(
            self.model.encoder, clips.layout, self.data.sampling, classes=0, field="model.encoder"
        )
        mask = resolve_mask(self.model.mask, clips.layout)
        parts = {"encoder": encoder, "mask": mask, "missing": missing}
        return self.model_copy(update={"model": self.model.model_copy(update=parts)})

    def _masks_absent_joints(self) -> Literal["mask"]:
        """Return what `model.missing` must be where stores lack joints of the common layout.

        Raises:
            InputError: If the recipe says otherwise, or shows whole clips.
        """
        if self.model.latent is not None:
            raise InputError(
                "model.latent shows whole clips to the encoder, but with data.layout stores lack some joints"
            )
        if "missing" in self.model.model_fields_set and self.model.missing != "mask":
            raise InputError(
                f"model.missing is {self.model.missing}, but with data.layout stores lack some joints, which "
                "nothing fills: it must be mask"
            )
        return "mask"

    def build(self) -> SkeletonMAE:
        """Build the model, and try it: what does not fit the skeleton or the protocols is found here."""
        import torch

        from skeleton_mask import clip_seeds
        from skeletonmae import SkeletonMAE

        clip = torch.ones(1, 3, self.data.sampling.frames, self.model.encoder.joints, 1)
        with part_errors("model.{}"):
            model = SkeletonMAE(self.model)
            model.eval()(clip, generator=clip_seeds(0, 0, torch.arange(1)))
        return model.train()

    def check_visible(self, model: SkeletonMAE, *, clips: int, joints: int) -> None:
        """Check what the mask shows, of a part of a batch and of stores that lack joints.

        Args:
            model: The model.
            clips: Clips in a part of a batch: BatchNorm must be shown more than one joint.
            joints: Joints of the store that has fewest: as many tokens as the mask shows must be there.

        Raises:
            InputError: If it may show a single joint, or more than there are.
        """
        import torch
        from torch.nn.modules.batchnorm import _BatchNorm

        body = torch.ones(1, self.data.sampling.frames, self.model.encoder.joints, 3)
        visible = model.sample_mask(body, torch.zeros(1, dtype=torch.int64)).visible_per_clip
        encoder = cast("Network", model.encoder)
        tokens = self.data.sampling.frames // model.encoder.token_frames * joints
        if visible > tokens:
            raise InputError(
                f"model.mask shows {visible} tokens of a clip, but of a store with {joints} of the "
                f"{self.model.encoder.joints} joints there are {tokens}: hide more, or leave out that store"
            )
        if clips * visible < 2 and any(isinstance(part, _BatchNorm) for part in encoder.modules()):
            raise InputError(
                "model.mask leaves one joint visible, and BatchNorm has no variance of one: hide fewer, or "
                "let training.batch_size / training.gradient_accumulation_steps be 2 clips or more"
            )


def run(config: PretrainConfig, *, bar: Mapping[str, Any] | None = None) -> PretrainResult | None:
    """Pre-train; a dry run has no result.

    Args:
        config: The recipe.
        bar: Options of tqdm: `{"disable": True}` for silence, `{"position": 1, "leave": False}` to nest.

    Raises:
        InputError: If data, recipe or folder cannot be used; nothing has been written then.
        RunError: If the run ends before it is done; the kinds are in `skeleton_lab.errors`.
    """
    with input_errors():
        clips = config.data.open()
        config = config.resolved(clips)
        folder = RunFolder.check(config.run, config, clips.fingerprints)
        if finished := folder.finished(PretrainResult, *OUTPUTS):
            return finished

    import torch
    from accelerate import DistributedType
    from safetensors.torch import save_model

    from skeleton_data import replacing
    from skeleton_lab.evaluation.reconstruction import count_bodies, mean_reconstruction_loss
    from skeleton_lab.models.saving import save_network
    from skeleton_lab.pictures.curves import CURVES, draw_curves
    from skeleton_lab.training.distributed import set_up_distributed
    from skeleton_lab.training.dry_run import describe
    from skeleton_lab.training.latent_targets import changed_clips, require_variation
    from skeleton_lab.training.loaders import Loaders
    from skeleton_lab.training.trainer import Trainer
    from skeleton_mask import clip_seeds

    plan, seed = config.training.plan(count(clips.train)), config.training.seed
    preprocessing = clips.preprocessing(config.data.sampling)
    accelerator = set_up_distributed(config, plan)
    if config.model.latent and accelerator.distributed_type in (
        DistributedType.FSDP,
        DistributedType.DEEPSPEED,
    ):
        raise InputError(
            "model.latent: the following encoder needs whole weights, which FSDP and DeepSpeed divide"
        )
    with input_errors():
        model = config.build()
        alone = 1 if config.training.sync_batchnorm else accelerator.num_processes
        config.check_visible(
            model,
            clips=plan.batch_size // config.training.gradient_accumulation_steps // alone,
            joints=clips.fewest_joints,
        )
    if config.run.dry_run:
        describe(accelerator, folder, config, plan, preprocessing, model, generator=torch.Generator())
        return None
    reading = (config.data.sampling, clips.bodies, seed, config.run.workers)
    loaders = Loaders(accelerator, *reading, layout=clips.layout)
    validation = loaders.evaluation(clips.validation, plan) if clips.validation else None

    with Trainer(
        config,
        accelerator=accelerator,
        plan=plan,
        folder=folder,
        model=model,
        loaders=loaders,
        clips=clips.train,
        bar=bar,
    ) as trainer:
        latent, terms = config.model.latent, dict[str, torch.Tensor]()

        def loss(part: ClipBatch) -> dict[str, Tensor]:
            masks = clip_seeds(seed, trainer.epoch, part.clip)
            # Without a body it has no weight, but every process takes the step.
            part = part if count_bodies(part) else part._replace(joints=torch.ones_like(part.joints))
            seen, options = part.joints, {"present": part.present}
            if config.view != Augmentation():
                draws = {"seed": seed, "epoch": trainer.epoch}
                seen, options["present"] = changed_clips(part, config.view, preprocessing, **draws)
                options["unchanged"] = part.joints
            sampler = config.scaled_mask(trainer.step, plan.steps)
            output = trainer.model(seen, generator=masks, sampler=sampler, **options)
            terms.update(output.terms)
            return {"loss": output.loss, **output.terms}

        for batch in trainer:
            trainer.train_step(batch, loss, count=count_bodies)
            if trainer.should_evaluate:
                if latent:
                    variation = terms["latent_variation"]
                    require_variation(
                        variation,
                        latent.smallest_variation,
                        accelerator,
                        folder=folder.path,
                        step=trainer.step,
                    )
                candidate, score = trainer.eval_model(), [float(trainer.step)]
                if validation:
                    validation_loss = mean_reconstruction_loss(candidate, validation, accelerator, seed=seed)
                    trainer.log.write("validation", trainer.step, loss=validation_loss)
                    # It does not tell how good features of latent targets are: the last ones are kept.
                    score = [*(score if latent else []), -validation_loss]
                trainer.best.update(candidate, step=trainer.step, score=tuple(score))

        summary, best = trainer.summary(), trainer.best
        model = best.load(trainer.eval_model())
        encoder = cast("Network", model.encoder)  # of a config, so one that can be saved
        result = PretrainResult(
            **summary,
            encoder_parameters=sum(weights.numel() for weights in encoder.parameters()),
            selected_step=best.step,
            validation_loss=-best.score[-1] if validation else None,
            train_clips=count(clips.train),
            validation_clips=count(clips.validation),
        )
        if accelerator.is_main_process:
            with writing(folder.path):
                with replacing(folder.path / "model.safetensors") as draft:
                    save_model(model, str(draft))
                save_network(encoder, folder.path / "encoder", preprocessing, result)
            with writing(folder.path):
                draw_curves({"": [folder.path]}, folder.path / CURVES, title=folder.path.name)
            folder.end(result, *OUTPUTS)
        accelerator.wait_for_everyone()
    return result


@exit_on_bad_input("pretrain")
def main() -> None:
    """Read the recipe, or choose it by the clips, and run it, or every fold of its protocol."""
    keep_freed_memory()
    shortcuts = RUN_SHORTCUTS | MASK_SHORTCUTS
    config = read_or_choose(PretrainConfig, sys.argv[1:], program="pretrain", shortcuts=shortcuts)
    require_augmentation(config)
    if cross_validate.has_folds(config):
        cross_validate.run(config)
    else:
        print_ending(run(config))


if __name__ == "__main__":
    main()
