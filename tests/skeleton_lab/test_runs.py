"""Pre-training and fine-tuning from recipe to result, in this process."""

import json
import re
import tomllib

import numpy as np
import pytest
import torch

import skeleton_lab.training.optimizer_step
from skeleton_data import ClipSampling, DataError, Preprocessing, SkeletonStore
from skeleton_data.layouts.layout import layout
from skeleton_lab import finetune, pretrain
from skeleton_lab.errors import InputError
from skeleton_lab.recipe.recipe import read_recipe
from skeletonmae import Transformer
from sttformer import STTFormer

QUIET = {"disable": True}


def run_pretraining(recipe, *arguments):
    config = read_recipe(pretrain.PretrainConfig, [str(recipe), *arguments], program="pretrain")
    return pretrain.run(config, bar=QUIET)


def run_finetuning(recipe, *arguments):
    config = read_recipe(finetune.FinetuneConfig, [str(recipe), *arguments], program="finetune")
    return finetune.run(config, bar=QUIET)


def metrics(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def weights(folder):
    return STTFormer.from_pretrained(folder).state_dict()


def interrupt(monkeypatch, app, *, after):
    """Let the app die after some steps, as by a signal."""
    steps = iter(range(after))

    def dying(*arguments, **options):
        if next(steps, None) is None:
            raise KeyboardInterrupt
        return take(*arguments, **options)

    take = skeleton_lab.training.optimizer_step.OptimizerStep.take
    monkeypatch.setattr(skeleton_lab.training.optimizer_step.OptimizerStep, "take", dying)
    with pytest.raises(KeyboardInterrupt):
        app()
    monkeypatch.undo()


@pytest.mark.usefixtures("rendered_curves")
def test_pretraining_then_finetuning(pretrain_recipe, finetune_recipe, store, tmp_path):
    pretrained = run_pretraining(pretrain_recipe, "--training.epochs", "6", "--optimizer.lr", "0.01")
    folder = tmp_path / "pretrained"
    assert {path.name for path in folder.iterdir()} == {
        *("config.toml", "data.json", "metrics.jsonl", "result.json", "model.safetensors"),
        *("encoder", "checkpoints", "tensorboard", "curves.png", "SHA256SUMS"),
    }
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((folder / "result.json").read_text()) == pretrained.model_dump(mode="json")
    assert (pretrained.num_processes, pretrained.train_clips, pretrained.validation_clips) == (1, 36, 12)
    config = tomllib.loads((folder / "config.toml").read_text())
    assert config["model"]["encoder"]["joints"] == 20  # not in the recipe: from the store
    assert list((folder / "tensorboard").glob("events.*"))
    held_out = [row["loss"] for row in metrics(folder) if row["split"] == "validation"]
    assert len(held_out) == 6
    assert held_out[-1] < held_out[0]
    assert pretrained.validation_loss == min(held_out)

    tuned = run_finetuning(finetune_recipe, "--pretrained", str(folder), "--training.steps", "60")
    folder = tmp_path / "finetuned"
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert tuned.test.clips == 48
    assert tuned.test.top1 > 1 / 3 and tuned.test.top5 is None  # of three classes it would say nothing
    assert tuned.test.top1 == pytest.approx(np.mean(list(tuned.test.per_class.values())))
    assert tuned.validation_top1 == max(
        row["top1"] for row in metrics(folder) if row["split"] == "validation"
    )
    beside = json.loads((folder / "classifier" / "preprocessing.json").read_text())
    assert beside["classes"] == ["slow", "fast", "wide"]
    assert beside["layout"]["name"] == "kinect_v1"
    assert ClipSampling(**beside["sampling"]).frames == 8
    classifier = STTFormer.from_pretrained(folder / "classifier")
    assert classifier(torch.randn(2, 3, 8, 20, 1)).shape == (2, 3)
    used = json.loads((folder / "labels.json").read_text())["positions"]
    subjects = SkeletonStore.open(store).index.subject[used]
    assert len(used) == tuned.train_clips == 36
    assert set(subjects % 2) == {1}
    assert len(set(subjects)) == 3  # the fourth training subject selects


def test_finetuning_begins_with_the_pretrained_weights(pretrain_recipe, finetune_recipe, tmp_path):
    run_pretraining(pretrain_recipe, "--training.epochs", "1")
    frozen = ("--training.steps", "1", "--optimizer.kind", "sgd", "--optimizer.lr", "1e-12")
    run_finetuning(finetune_recipe, "--pretrained", str(tmp_path / "pretrained"), *frozen)
    before, after = (
        weights(tmp_path / "pretrained" / "encoder"),
        weights(tmp_path / "finetuned" / "classifier"),
    )
    assert after.keys() - before.keys() == {"head.weight", "head.bias"}
    learned = [name for name in before if "running" not in name and "num_batches" not in name]
    for name in learned:
        torch.testing.assert_close(after[name], before[name], msg=name)

    by_joint = ("--pretrained", str(tmp_path / "pretrained"), "--model.pool", "by_joint", "--run.overwrite")
    run_finetuning(finetune_recipe, *by_joint, *frozen)
    after = weights(tmp_path / "finetuned" / "classifier")
    assert after["head.weight"].shape == (3, 20 * 16)
    for name in learned:
        torch.testing.assert_close(after[name], before[name], msg=name)

    run_finetuning(finetune_recipe, "--run.overwrite", "--data.validation", "0", *frozen)
    scratch = weights(tmp_path / "finetuned" / "classifier")
    assert any(not torch.equal(scratch[name], before[name]) for name in learned)


def test_a_plain_transformer_goes_the_same_way(pretrain_recipe, finetune_recipe, tmp_path):
    shape = 'kind = "transformer"\ntoken_frames = 2\nwidth = 8\ndepth = 2\nheads = 2\n'
    for recipe in (pretrain_recipe, finetune_recipe):
        sections = re.split(r"^(?=\[\w)", recipe.read_text(), flags=re.MULTILINE)
        sections = [
            re.sub(r"(?s)(\[model(\.encoder)?\]\n).*", rf"\1{shape}", section) for section in sections
        ]
        recipe.write_text("".join(sections))
    short, tuples = ("--training.epochs", "1"), ("--model.decoder.tuple_frames", "2")
    run_pretraining(pretrain_recipe, *short, *tuples)
    tuned = run_finetuning(finetune_recipe, "--pretrained", str(tmp_path / "pretrained"), *short)
    classifier = Transformer.from_pretrained(tmp_path / "finetuned" / "classifier")
    assert (classifier.config.frames, classifier.config.joints, classifier.num_classes) == (8, 20, 3)
    assert tuned.parameters == sum(parameter.numel() for parameter in classifier.parameters())
    by_joint = (*short, "--model.pool", "by_joint", "--run.overwrite")
    run_finetuning(finetune_recipe, "--pretrained", str(tmp_path / "pretrained"), *by_joint)
    head = Transformer.from_pretrained(tmp_path / "finetuned" / "classifier").head
    assert head.weight.shape == (3, 20 * 8)
    with pytest.raises(InputError, match=r"data\.sampling\.frames is 9, .* model\.encoder\.token_frames, 2"):
        run_pretraining(pretrain_recipe, *tuples, "--data.sampling.frames", "9", "--run.overwrite")


@pytest.mark.parametrize("after", [1, 4, 8])
def test_a_resumed_pretraining_ends_like_one_that_was_never_stopped(
    pretrain_recipe, tmp_path, monkeypatch, after
):
    whole = run_pretraining(pretrain_recipe, "--run.folder", str(tmp_path / "whole"))
    arguments = ("--run.folder", str(tmp_path / "stopped"), "--run.resume")
    interrupt(monkeypatch, lambda: run_pretraining(pretrain_recipe, *arguments), after=after)
    assert not (tmp_path / "stopped" / "result.json").exists()
    with (tmp_path / "stopped" / "metrics.jsonl").open("a") as file:
        file.write('{"step": 9, "los')  # killed while it wrote
    resumed = run_pretraining(pretrain_recipe, *arguments)
    assert resumed.checksums == whole.checksums
    assert (resumed.selected_step, resumed.validation_loss) == (whole.selected_step, whole.validation_loss)
    assert metrics(tmp_path / "stopped") == metrics(tmp_path / "whole")
    assert len(list((tmp_path / "stopped" / "checkpoints").glob("step-*"))) == 2


def test_a_resumed_finetuning_draws_the_dropout_it_would_have_drawn(finetune_recipe, tmp_path, monkeypatch):
    dropout = ("--model.dropout", "0.3", "--training.max_grad_norm", "1")
    whole = run_finetuning(finetune_recipe, *dropout, "--run.folder", str(tmp_path / "whole"))
    arguments = (*dropout, "--run.folder", str(tmp_path / "stopped"), "--run.resume")
    interrupt(monkeypatch, lambda: run_finetuning(finetune_recipe, *arguments), after=4)
    assert run_finetuning(finetune_recipe, *arguments).checksums == whole.checksums
    assert metrics(tmp_path / "stopped") == metrics(tmp_path / "whole")


def test_a_finished_run_is_not_run_again(finetune_recipe, tmp_path, monkeypatch):
    once = run_finetuning(finetune_recipe, "--training.epochs", "1")
    content = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert run_finetuning(finetune_recipe, "--training.epochs", "1", "--run.resume") == once
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == content


def test_overwriting_does_not_resume(pretrain_recipe, tmp_path):
    run_pretraining(pretrain_recipe, "--training.epochs", "1")
    again = run_pretraining(
        pretrain_recipe, "--training.epochs", "1", "--training.seed", "1", "--run.overwrite"
    )
    assert len(metrics(again.folder)) == 3
    assert "seed = 1" in (again.folder / "config.toml").read_text()


def test_few_labels_train_for_as_many_steps(finetune_recipe):
    result = run_finetuning(
        finetune_recipe, "--data.labels_per_class", "1", "--training.steps", "5", "--run.tracker", "none"
    )
    assert (result.train_clips, result.steps) == (3, 5)
    assert not (result.folder / "tensorboard").exists()


def test_bad_input_of_pretraining_names_its_cause_and_writes_nothing(
    pretrain_recipe, store, other_store, tmp_path
):
    both = json.dumps([{"store": str(store)}, {"store": str(other_store)}])
    cases = {
        ("--data.sources", both): "tiny.store has layout kinect_v1, .*ntu.store has ntu",
        ("--data.sources", '[{"store": "nowhere"}]'): "nowhere: no such folder",
        ("--model.encoder.joints", "25"): "model.encoder.joints is 25, but the data have 20",
        ("--model.encoder.tuple_frames", "3"): "frames is 8, .* model.encoder.tuple_frames, 3",
        ("--model.mask.kind", "body_part", "--model.mask.parts", "[[0,1],[2,99]]"): "99|parts",
    }
    for arguments, line in cases.items():
        with pytest.raises(InputError, match=line):
            run_pretraining(pretrain_recipe, *arguments)
        assert not (tmp_path / "pretrained").exists(), arguments


def test_bad_input_of_finetuning_names_its_cause_and_writes_nothing(
    pretrain_recipe, finetune_recipe, other_store, tmp_path
):
    run_pretraining(pretrain_recipe, "--training.epochs", "1")
    pretrained = ("--pretrained", str(tmp_path / "pretrained"))
    cases = {
        ("--pretrained", str(tmp_path)): "pretrained: .* is not a model: neither it, nor classifier/",
        (*pretrained, "--data.store", str(other_store)): "ntu.store has layout ntu .* for kinect_v1",
        (*pretrained, "--data.sampling.frames", "10"): "frames is 10, but .*encoder was made for 8",
        (*pretrained, "--data.sampling.stream", "bone"): "stream is 'bone', but .* was made for 'joint'",
        (*pretrained, "--model.width", "16"): "model.width is 16, but .*encoder was trained with 8",
        (
            *("--data.protocol", "all"),
            *("--training.select", "test"),
        ): "tiny.store: .*leaves no labelled test clips",
        ("--data.protocol", "ntu60-xview"): "tiny.store: ntu60-xview: the camera",
        ("--data.labels_per_class", "99"): "data.labels_per_class: .*slow has 12 training clips",
        ("--model.num_classes", "5"): "model.num_classes is 5, but the data have 3",
    }
    for arguments, line in cases.items():
        with pytest.raises(InputError, match=line):
            run_finetuning(finetune_recipe, *arguments)
        assert not (tmp_path / "finetuned").exists(), arguments

    damaged = tmp_path / "pretrained" / "encoder" / "model.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:100])
    with pytest.raises(InputError, match=r"pretrained/encoder/model\.safetensors: damaged"):
        run_finetuning(finetune_recipe, *pretrained)
    assert not (tmp_path / "finetuned").exists()


def test_an_encoder_of_recordings_that_were_cleaned_otherwise_is_refused():
    ours, theirs = (
        Preprocessing(layout=layout("ntu"), bodies=2, cleaning=cleaning, sampling=ClipSampling())
        for cleaning in ("reference", "contrast")
    )
    with pytest.raises(
        DataError, match="a: its recordings were cleaned as 'reference', but those of b as 'c"
    ):
        ours.require_same_input(theirs, here="a", there="b")
    unknown = ours.model_copy(update={"cleaning": None})
    unknown.require_same_input(theirs, here="a", there="b")
    theirs.require_same_input(unknown, here="a", there="b")


def test_whether_bodies_face_forward_does_not_count_in_pictures():
    """Where they are not turned."""
    for units in ("m", "picture"):
        ours, theirs = (
            Preprocessing(
                layout=layout("ntu"), bodies=2, units=units, sampling=ClipSampling(face_forward=forward)
            )
            for forward in (True, False)
        )
        if units == "picture":
            ours.require_same_input(theirs, here="a", there="b")
        else:
            with pytest.raises(DataError, match="face_forward is True"):
                ours.require_same_input(theirs, here="a", there="b")
