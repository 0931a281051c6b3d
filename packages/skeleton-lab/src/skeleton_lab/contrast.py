"""Pre-train ST-GCN or STTFormer without labels by contrastive learning: CrosSCLR or AimCLR.

    skeleton-lab contrast configs/contrast/demo.toml --method.kind crossclr --method.moco.queue_size 512
    accelerate launch apps/contrast.py configs/contrast/aimclr-ntu60-xsub.toml --folder runs/aimclr

`--help` lists every field of a recipe, `--dry_run` says what a run would be. The folder of the run receives
encoder/ (for finetune.py), for further views of CrosSCLR motion/encoder/ and bone/encoder/ (finetune.py
takes the folder above), result.json, config.toml, data.json, metrics.jsonl, SHA256SUMS, tensorboard/, and
checkpoints/ to resume from. The last weights are kept.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from pydantic import Field

from skeleton_baselines import AimCLRConfig, CrosSCLRConfig, MethodConfig, STGCNConfig
from skeleton_lab.data.clips import count
from skeleton_lab.data.pretrain_clips import ContrastData, PretrainClips
from skeleton_lab.errors import InputError, exit_on_bad_input, input_errors, writing
from skeleton_lab.models.network_config import NetworkConfig, bones, part_errors, resolve_network
from skeleton_lab.recipe.recipe import RecipeSection, read_recipe
from skeleton_lab.runs.ending import print_ending
from skeleton_lab.runs.folder import RUN_SHORTCUTS, RunConfig, RunFolder
from skeleton_lab.runs.results import ContrastResult
from skeleton_lab.runs.workers import keep_freed_memory
from skeleton_lab.studies import cross_validate
from skeleton_lab.training.optimizer import SGD, OptimizerConfig
from skeleton_lab.training.plan import TrainingConfig
from skeleton_lab.training.schedule import MultiStep, ScheduleConfig

if TYPE_CHECKING:
    from torch import Tensor

    from skeleton_baselines import AimCLR, CrosSCLR
    from skeleton_data import ClipBatch
    from skeleton_lab.models.weights import Network


OUTPUTS = ("metrics.jsonl", "encoder")
"""What a run ends with besides its result, and `--resume` of one that has ended requires."""


class ContrastConfig(RecipeSection):
    """Pre-train an encoder without labels by contrastive learning: CrosSCLR or AimCLR."""

    data: ContrastData = Field(description="The clips that the encoder is trained on.")
    model: NetworkConfig = Field(
        STGCNConfig(width=16), description="The encoder, which is kept and can be fine-tuned."
    )
    method: MethodConfig = Field(AimCLRConfig(), description="What is contrasted with what.")
    optimizer: OptimizerConfig = Field(
        SGD(lr=0.1, weight_decay=1e-4, nesterov=False),
        description="The optimizer and its peak learning rate.",
    )
    schedule: ScheduleConfig = Field(
        MultiStep(milestones=(250 / 300,)), description="How the learning rate changes over the training."
    )
    training: TrainingConfig = Field(
        TrainingConfig(epochs=300, batch_size=128),
        description="Length of the training, batches, and how a step is computed.",
    )
    run: RunConfig = Field(description="Folder of the run, and how the run is watched.")

    def resolved(self, clips: PretrainClips) -> ContrastConfig:
        """Return this recipe with what follows from the data filled in."""
        sampling, layout = self.data.sampling, clips.layout
        if sampling.stream != "joint":
            raise InputError(
                f"data.sampling.stream is {sampling.stream!r}, but must be joint: the methods "
                "compute bones and motion themselves"
            )
        if self.training.gradient_accumulation_steps > 1:
            raise InputError(
                "training.gradient_accumulation_steps must be 1: each part of a batch would be contrasted "
                "with the keys of the part before it"
            )
        if getattr(self.model, "pool", "mean") != "mean":
            raise InputError(
                "model.pool cannot be set here: clips are contrasted by their mean; set it in finetune"
            )
        skeleton: dict[str, Any] = {"bones": bones(layout), "flat": clips.units == "picture"}
        if isinstance(self.method, AimCLRConfig):
            skeleton["pairs"] = layout.pairs
        given = {name: getattr(self.method, name) for name in skeleton.keys() & self.method.model_fields_set}
        model = resolve_network(self.model, layout, sampling, classes=0, field="model")
        return self.model_copy(
            update={"model": model, "method": self.method.model_copy(update=skeleton | given)}
        )

    def build(self) -> CrosSCLR | AimCLR:
        """Build the method around new encoders; one that does not fit the skeleton is found here."""
        import torch

        from skeleton_baselines import AimCLR, CrosSCLR
        from skeleton_lab.models.weights import build_network

        generator = torch.Generator().manual_seed(self.training.seed)
        model: CrosSCLR | AimCLR
        with part_errors("model"):
            match self.method:
                case CrosSCLRConfig():
                    encoders = {str(view): build_network(self.model) for view in self.method.views}
                    features = next(iter(encoders.values())).num_features
                    model = CrosSCLR(encoders, self.method, features=features, generator=generator)
                case AimCLRConfig():
                    model = AimCLR(build_network(self.model), self.method, generator=generator)
            clip = torch.ones(1, 3, self.data.sampling.frames, self.model.joints, 1)
            model.eval()(clip, generator=torch.Generator())
        return model.train()


def run(config: ContrastConfig, *, bar: Mapping[str, Any] | None = None) -> ContrastResult | None:
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
        if finished := folder.finished(ContrastResult, *OUTPUTS):
            return finished

    import torch
    from accelerate import DistributedType

    from skeleton_lab.data.noise import ClipNoise
    from skeleton_lab.models.saving import save_network
    from skeleton_lab.pictures.curves import CURVES, draw_curves
    from skeleton_lab.training.distributed import set_up_distributed
    from skeleton_lab.training.dry_run import describe
    from skeleton_lab.training.loaders import Loaders
    from skeleton_lab.training.trainer import Trainer
    from skeleton_mask import clip_seeds

    sampling, seed = config.data.sampling, config.training.seed
    plan, preprocessing = config.training.plan(count(clips.train)), clips.preprocessing(sampling)
    mining_step = round(config.method.mining_from * plan.steps)
    accelerator = set_up_distributed(config, plan)
    if accelerator.distributed_type in (DistributedType.FSDP, DistributedType.DEEPSPEED):
        raise InputError(
            "contrast cannot run with FSDP or DeepSpeed: its key encoders need whole weights on each process"
        )
    with input_errors():
        model = config.build()
    if config.run.dry_run:
        describe(accelerator, folder, config, plan, preprocessing, model, generator=torch.Generator())
        return None
    loaders = Loaders(accelerator, sampling, clips.bodies, seed, config.run.workers)

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

        def loss(part: ClipBatch) -> dict[str, Tensor]:
            noise = ClipNoise(clip_seeds(seed, trainer.epoch, part.clip))
            output = trainer.model(part.joints, generator=noise, mine=trainer.step >= mining_step)
            return {"loss": output.loss, **output.terms}

        for batch in trainer:
            trainer.train_step(batch, loss)

        summary, model = trainer.summary(), trainer.eval_model()
        first, *others = model.encoders
        result = ContrastResult(
            **summary,
            encoders={first: folder.path, **{view: folder.path / view for view in others}},
            mining_step=mining_step,
            train_clips=count(clips.train),
        )
        if accelerator.is_main_process:
            for view, encoder in model.encoders.items():
                with writing(result.encoders[view]):
                    result.encoders[view].mkdir(exist_ok=True)
                    preprocessing = clips.preprocessing(sampling.model_copy(update={"stream": view}))
                    save_network(
                        cast("Network", encoder), result.encoders[view] / "encoder", preprocessing, result
                    )
            with writing(folder.path):
                draw_curves({"": [folder.path]}, folder.path / CURVES, title=folder.path.name)
            further = [f"{view}/encoder" for view in others]
            folder.end(result, *OUTPUTS, *further)
        accelerator.wait_for_everyone()
    return result


@exit_on_bad_input("contrast")
def main() -> None:
    """Read the recipe named on the command line and run it, or every fold of its protocol."""
    keep_freed_memory()
    config = read_recipe(ContrastConfig, sys.argv[1:], program="contrast", shortcuts=RUN_SHORTCUTS)
    if cross_validate.has_folds(config):
        cross_validate.run(config)
    else:
        print_ending(run(config))


if __name__ == "__main__":
    main()
