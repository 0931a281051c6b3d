"""Train a classifier, from a pre-trained encoder or from scratch, and test it once.

    skeleton-lab finetune --data.store data/mine --data.protocol odd-subjects --folder runs/mine
    skeleton-lab finetune configs/finetune/utd-mhad.toml --pretrained runs/kinect-v1
    accelerate launch apps/finetune.py configs/finetune/paper-ntu60-xsub.toml --pretrained runs/paper

`--help` lists every field of a recipe, `--dry_run` says what a run would be. Without a recipe it is the
default one, with what suits the clips. Weights are selected by their accuracy on subjects held out from the
training side (`--training.select` says otherwise), which also give the temperature that turns scores into
probabilities. With `--data.protocol all` all clips train, and none tests. The folder of the run receives
classifier/, result.json, answers.csv (of each test clip), labels.json (labels that were used), curves.png,
config.toml, data.json, metrics.jsonl, SHA256SUMS, tensorboard/, checkpoints/ and, of self-training, teacher/.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field, model_validator

from skeleton_lab.data.clips import count
from skeleton_lab.data.finetune_clips import FinetuneClips
from skeleton_lab.data.unlabelled import PartlyLabelledData
from skeleton_lab.errors import exit_on_bad_input, input_errors, writing
from skeleton_lab.models.network_config import NetworkConfig, part_errors, resolve_network
from skeleton_lab.models.pretrained import open_pretrained, pretrained_config, what_changes
from skeleton_lab.models.seen_clips import SEEN_SENTENCE, seen_of_test
from skeleton_lab.recipe.recipe import RecipeSection
from skeleton_lab.runs.answers import ANSWERS
from skeleton_lab.runs.ending import print_ending
from skeleton_lab.runs.folder import RUN_SHORTCUTS, TEACHER, RunConfig, RunFolder
from skeleton_lab.runs.results import FinetuneResult
from skeleton_lab.runs.workers import keep_freed_memory, tell_notes
from skeleton_lab.studies import cross_validate
from skeleton_lab.studies.run_check import check_run_folder, others_of, require_use
from skeleton_lab.training.choices import read_or_choose
from skeleton_lab.training.optimizer import Adam, OptimizerConfig
from skeleton_lab.training.plan import FinetuneTraining
from skeleton_lab.training.schedule import MultiStep, ScheduleConfig
from skeleton_lab.training.self_training import SelfTraining
from skeleton_runtime import Calibration
from sttformer import STTFormerConfig

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from skeleton_data import ClipBatch
    from skeleton_lab.models.saved_model import SavedModel
    from skeleton_lab.models.weights import Network


OUTPUTS = ("metrics.jsonl", "classifier", "labels.json")
"""What a run ends with besides its result, and `--resume` of one that has ended requires."""


class FinetuneConfig(RecipeSection):
    """Train a classifier, from a pre-trained encoder or from scratch, and test it once."""

    pretrained: str | None = Field(
        None,
        min_length=1,
        description="Model whose encoder is fine-tuned: a run, the folder of a model, skeletonmae-small, "
        "hf://OWNER/NAME, or a published STTFormer, .pt or .pth (default: from scratch).",
    )
    transductive: bool = Field(
        False,
        description="Of folds: allow a pre-trained model that has met the test clips without their labels. "
        "Of self-training: learn from the test clips without their labels; the result says so.",
    )
    data: PartlyLabelledData = Field(description="The clips that the classifier is trained and tested on.")
    self_training: SelfTraining = Field(
        SelfTraining(), description="How the training learns from clips without labels."
    )
    model: NetworkConfig = Field(
        STTFormerConfig(tuple_frames=2),
        description="The network; with `pretrained` it is that of the pre-trained model.",
    )
    optimizer: OptimizerConfig = Field(Adam(), description="The optimizer and its peak learning rate.")
    schedule: ScheduleConfig = Field(
        MultiStep(), description="How the learning rate changes over the training."
    )
    training: FinetuneTraining = Field(
        FinetuneTraining(), description="Length of the training, batches, and how a step is computed."
    )
    run: RunConfig = Field(description="Folder of the run, and how the run is watched.")

    @property
    def rounds(self) -> int:
        """Rounds of self-training."""
        given = self.self_training.rounds
        return given if given is not None else 2 if self.data.unlabelled else 0

    @property
    def teacher(self) -> FinetuneConfig:
        """The recipe of the training whose answers this one learns from."""
        if self.rounds == 1:
            return self.first
        method = self.self_training.model_copy(update={"rounds": self.rounds - 1})
        run = self.run.model_copy(update={"folder": self.run.folder / TEACHER})
        return self.model_copy(update={"self_training": method, "run": run})

    @property
    def first(self) -> FinetuneConfig:
        """The recipe of the training before all rounds, which learns from labels alone."""
        given = self.self_training.teacher
        folder = given or self.run.folder.joinpath(*[TEACHER] * self.rounds)
        again = {"resume": True, "overwrite": False} if given else {}
        run = self.run.model_copy(update={"folder": folder, **again})
        data = self.data.model_copy(update={"unlabelled": ()})
        return self.model_copy(update={"self_training": SelfTraining(), "run": run, "data": data})

    @model_validator(mode="after")
    def _learns_without_labels(self) -> FinetuneConfig:
        self.self_training.check(self.rounds, self.training, self.data.unlabelled)
        return self

    def source(self, clips: FinetuneClips) -> SavedModel | None:
        """Return the pre-trained model, if there is one."""
        here, store = clips.preprocessing(self.data.sampling), clips.store.path
        return open_pretrained(self.pretrained, here, store=store) if self.pretrained else None

    def resolved(self, clips: FinetuneClips, source: SavedModel | None = None) -> FinetuneConfig:
        """Return this recipe with what follows from the data and the pre-trained model filled in."""
        source = source or self.source(clips)
        model = pretrained_config(source, self.model, self.given("model")) if source else self.model
        model = resolve_network(
            model, clips.store.layout, self.data.sampling, classes=len(clips.classes), field="model"
        )
        return self.model_copy(update={"model": model})

    def build(self, source: SavedModel | None = None) -> Network:
        """Build the network, with pre-trained weights if there are any, and a new head."""
        from skeleton_lab.models.weights import build_network, load_network

        encoder = self.model.model_copy(update={"num_classes": 0})
        with part_errors("model"):
            model = load_network(encoder, source.path) if source else build_network(encoder)
        model.reset_classifier(self.model.num_classes)
        return model


def run(
    config: FinetuneConfig, *, bar: Mapping[str, Any] | None = None, tested: bool = True
) -> FinetuneResult | None:
    """Train a classifier and test it; a dry run has no result.

    Args:
        config: The recipe.
        bar: Options of tqdm: `{"disable": True}` for silence, `{"position": 1, "leave": False}` to nest.
        tested: Whether it is tested; what only teaches the next round of a self-training is not.

    Raises:
        InputError: If data, recipe, weights or folder cannot be used; nothing has been written then.
        RunError: If the run ends before it is done; the kinds are in `skeleton_lab.errors`.
    """
    with input_errors():
        clips = config.data.open()
        recipe, source = config, config.source(clips)
        if config.training.select == "test":
            clips.require_test()
        seen = seen_of_test(source, clips) if source else None
        config = config.resolved(clips, source)
        others = others_of(config, clips)
        folder = check_run_folder(config, clips, source, others)
        if finished := folder.finished(FinetuneResult, *OUTPUTS):
            return finished
        if config.self_training.teacher:
            field, weights = "self_training.teacher", folder.weights
            RunFolder.check_ended(config.first, clips.fingerprints, field=field, weights=weights)

    from skeleton_data import class_table, save_subset
    from skeleton_lab.evaluation.calibration import calibrate
    from skeleton_lab.evaluation.evaluation import ClipReader
    from skeleton_lab.evaluation.metrics import answers_to, evaluate_classifier, test_result
    from skeleton_lab.evaluation.teaching import teach
    from skeleton_lab.models.saving import save_network
    from skeleton_lab.pictures.curves import CURVES, draw_curves
    from skeleton_lab.training.class_weights import class_weights, cross_entropy
    from skeleton_lab.training.distributed import set_up_distributed
    from skeleton_lab.training.dry_run import describe
    from skeleton_lab.training.loaders import Loaders
    from skeleton_lab.training.trainer import Trainer

    training, store, names = config.training, clips.store, clips.classes
    train, held_out, unseen = ([(store, side)] for side in (clips.train, clips.validation, clips.test))
    plan, preprocessing = training.plan(len(clips.train)), clips.preprocessing(config.data.sampling)
    before = None
    if others:
        train = [*train, *others.clips]
        labelled = config.self_training.labelled_fraction
        plan = plan.mixed(training.batch_size, labelled, len(clips.train), count(others.clips))
        if not config.run.dry_run:
            before = run(config.teacher, bar=bar, tested=False)
    accelerator = set_up_distributed(config, plan)
    with input_errors():
        model = config.build(source)
    for line in what_changes(source, recipe.model, classes=len(names)) if source and tested else ():
        accelerator.print(f"finetune: {line}")
    notes = (f"Of {config.pretrained}: {SEEN_SENTENCE[seen]}.",) if seen in ("unlabelled", "labelled") else ()
    if tested:
        tell_notes("finetune", (*clips.notes, *notes, *((others.note,) if others else ())))
    if config.run.dry_run:
        describe(accelerator, folder, config, plan, preprocessing, model)
        accelerator.print("", class_table(clips.counts, names), sep="\n")
        return None
    targets = taught = None
    if others and before:
        how = {"batch_size": training.batch_size, "workers": config.run.workers}
        targets, taught = teach(accelerator, before, config.self_training, clips, others, **how)
    reading = (config.data.sampling, clips.bodies, training.seed, config.run.workers)
    loaders = Loaders(accelerator, *reading, training.balanced_sampling)
    balance = training.class_weights == "balanced"
    weight = class_weights(clips.counts[:, 0]).to(accelerator.device) if balance else None
    select = training.select if len(clips.validation) or training.select == "test" else "last"
    watching, watched = ("test", unseen) if select == "test" else ("validation", held_out)
    watch = loaders.evaluation(watched, plan) if len(clips.validation) or select == "test" else None

    with Trainer(
        config,
        accelerator=accelerator,
        plan=plan,
        folder=folder,
        model=model,
        loaders=loaders,
        clips=train,
        bar=bar,
    ) as trainer:

        def loss(part: ClipBatch) -> dict[str, Tensor]:
            scores = trainer.model(part.joints)
            wanted = part.label if targets is None else targets[part.clip]
            return {"loss": cross_entropy(scores, wanted, weight, label_smoothing=training.label_smoothing)}

        for batch in trainer:
            trainer.model.train(not training.evaluation_mode)
            trainer.train_step(batch, loss)
            if trainer.should_evaluate:
                candidate = trainer.eval_model()
                score: tuple[float, ...] = (float(trainer.step),)
                if watch:
                    accuracy = evaluate_classifier(candidate, watch, accelerator, classes=len(names))
                    trainer.log.write(watching, trainer.step, **accuracy.logged)
                    of_step = (accuracy.top1, -accuracy.loss)
                    score = (*score, *of_step) if select == "last" else of_step
                trainer.best.update(candidate, step=trainer.step, score=score)

        summary, best = trainer.summary(), trainer.best
        model = best.load(trainer.eval_model())
        reader = ClipReader(accelerator, store, plan.batch_size, config.run.workers)

        def scores_of(side: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
            return reader.predict_all(model, preprocessing, side), reader.labels(side)

        calibration = calibrate(*scores_of(clips.validation)) if len(clips.validation) else Calibration()
        answers = test = None
        if tested and len(clips.test):
            scores, labels = scores_of(clips.test)
            answers = answers_to(clips, scores, temperature=calibration.temperature)
            test = test_result(scores, labels, names, temperature=calibration.temperature)
            trainer.log.write("test", trainer.step, **test.logged)
        result = FinetuneResult(
            **summary,
            pretrained=config.pretrained,
            pretrained_sha256=folder.weights,
            pretrained_saw_test=seen,
            test=test,
            validation_top1=best.score[-2] if watch and select != "test" else None,
            temperature=calibration.temperature,
            selected_by=select,
            selected_step=best.step,
            train_clips=len(clips.train),
            untrained=clips.untrained,
            self_training=taught,
            validation_clips=len(clips.validation),
        )
        if accelerator.is_main_process:
            with writing(folder.path):
                chosen = calibration if calibration.clips else None
                save_network(model, folder.path / "classifier", preprocessing, result, chosen)
                save_subset(folder.path / "labels.json", clips.train, store.index.label)
                if answers:
                    answers.write(folder.path / ANSWERS)
                draw_curves({"": [folder.path]}, folder.path / CURVES, title=folder.path.name)
            folder.end(result, *OUTPUTS, *([ANSWERS] if answers else []))
        accelerator.wait_for_everyone()
    return result


@exit_on_bad_input("finetune")
def main() -> None:
    """Read the recipe, or choose it by the clips, and run it, or every fold of its protocol."""
    keep_freed_memory()
    config = read_or_choose(FinetuneConfig, sys.argv[1:], program="finetune", shortcuts=RUN_SHORTCUTS)
    require_use(config)
    if cross_validate.has_folds(config):
        cross_validate.run(config)
    else:
        print_ending(run(config))


if __name__ == "__main__":
    main()
