"""Contrastive pre-training from recipe to encoder, and fine-tuning from there, in this process."""

import json

import pytest
import torch
from safetensors.torch import load_file

import skeleton_lab.training.optimizer_step
from skeleton_baselines import STGCN
from skeleton_data import SkeletonStore, StoreWriter
from skeleton_lab import contrast, finetune
from skeleton_lab.errors import InputError
from skeleton_lab.recipe.recipe import read_recipe
from sttformer import STTFormer

STTFORMER = ("--model.kind", "sttformer", "--model.width", "8", "--model.blocks", "[[8,2],[16,4]]")
STTFORMER += ("--model.tuple_frames", "2")


@pytest.fixture
def run_contrast(contrast_recipe):
    """The app with the fixture's recipe, but an encoder may be chosen anew."""

    def run(*arguments):
        if "--model.kind" in arguments:
            text = contrast_recipe.read_text().replace("width = 8\nnum_features = 8\n", "")
            contrast_recipe.write_text(text)
        config = read_recipe(contrast.ContrastConfig, [str(contrast_recipe), *arguments], program="contrast")
        return contrast.run(config, bar={"disable": True})

    return run


@pytest.fixture
def run_finetuning(finetune_recipe):
    """The app with the fixture's recipe, from whose model only the kind is left."""

    def run(kind, *arguments):
        head, _, rest = finetune_recipe.read_text().partition("[model]\n")
        finetune_recipe.write_text(
            f'{head}[model]\nkind = "{kind}"\n[training]{rest.partition("[training]")[2]}'
        )
        config = read_recipe(finetune.FinetuneConfig, [str(finetune_recipe), *arguments], program="finetune")
        return finetune.run(config, bar={"disable": True})

    return run


def metrics(folder, split="train"):
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [row for row in rows if row["split"] == split]


@pytest.mark.parametrize("method", ["aimclr", "crossclr"])
def test_the_method_knows_that_joints_lie_in_a_picture(contrast_recipe, store, tmp_path, method):
    """Then the confidence, channel 2, is neither augmented nor subtracted."""
    clips = SkeletonStore.open(store)
    with StoreWriter(tmp_path / "flat", layout=clips.layout, fps=30, units="picture") as writer:
        for clip in range(4):
            writer.add(clips.read(clip).clip(0, 1), name=f"{clip}")
    for source, flat in ((store, False), (tmp_path / "flat", True)):
        given = ("--data.sources", json.dumps([{"store": str(source)}]), "--method.kind", method)
        config = read_recipe(contrast.ContrastConfig, [str(contrast_recipe), *given], program="contrast")
        assert config.resolved(config.data.open()).method.flat is flat


@pytest.mark.usefixtures("rendered_curves")
def test_aimclr_with_stgcn_then_finetuning(run_contrast, run_finetuning, tmp_path):
    result = run_contrast()
    folder = tmp_path / "contrasted"
    assert {path.name for path in folder.iterdir()} == {
        *("config.toml", "data.json", "metrics.jsonl", "result.json"),
        *("encoder", "checkpoints", "tensorboard", "curves.png", "SHA256SUMS"),
    }
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((folder / "result.json").read_text()) == result.model_dump(mode="json")
    assert (result.steps, result.mining_step, result.train_clips) == (9, 4, 36)
    rows = metrics(folder)
    assert rows[-1].keys() == {
        "step",
        "epoch",
        "split",
        "loss",
        "contrast",
        "extreme",
        "dropped",
        "gradient_norm",
        "learning_rate",
    }
    for row in rows:
        assert row["loss"] == pytest.approx(row["contrast"] + (row["extreme"] + row["dropped"]) / 2)
    encoder = STGCN.from_pretrained(folder / "encoder")
    assert encoder.config.joints == 20  # not in the recipe: the graph is the store's
    assert result.parameters == sum(w.numel() for w in encoder.parameters()) + (8 * 8 + 8) * 2

    frozen = ("--training.steps", "1", "--optimizer.kind", "sgd", "--optimizer.lr", "1e-12")
    tuned = run_finetuning("stgcn", "--pretrained", str(folder), *frozen)
    assert tuned.test.clips == 48
    classifier = STGCN.from_pretrained(tmp_path / "finetuned" / "classifier")
    assert classifier(torch.randn(2, 3, 8, 20, 1)).shape == (2, 3)
    for name, value in encoder.named_parameters():
        torch.testing.assert_close(classifier.get_parameter(name), value, msg=name)


def test_crossclr_with_sttformer_leaves_an_encoder_for_each_view(run_contrast, run_finetuning, tmp_path):
    result = run_contrast("--method.kind", "crossclr", *STTFORMER)
    folder = tmp_path / "contrasted"
    assert result.encoders == {"joint": folder, "motion": folder / "motion", "bone": folder / "bone"}
    rows = metrics(folder)
    assert all(row["loss"] == pytest.approx(row["joint"] + row["motion"] + row["bone"]) for row in rows)
    weights = [STTFormer.from_pretrained(path / "encoder").embed.weight for path in result.encoders.values()]
    assert not torch.equal(weights[0], weights[1])

    once = ("--training.steps", "1", "--run.overwrite")
    for view, path in result.encoders.items():
        arguments = ("--pretrained", str(path), "--data.sampling.stream", view)
        assert run_finetuning("sttformer", *arguments, *once).pretrained == str(path)
    with pytest.raises(InputError, match=r"stream is 'joint', but .*bone/encoder was made for 'bone'"):
        run_finetuning("sttformer", "--pretrained", str(folder / "bone"), *once)
    run_finetuning("stgcn", "--pretrained", str(folder), *once)  # the recipe's kind does not apply
    assert STTFormer.from_pretrained(tmp_path / "finetuned" / "classifier").num_classes == 3
    with pytest.raises(InputError, match=r"model.kind is stgcn, but .*encoder was trained with sttformer"):
        run_finetuning("sttformer", "--model.kind", "stgcn", "--pretrained", str(folder), *once)


def test_stgcn_from_scratch(run_finetuning, tmp_path):
    slim = ("--model.width", "2", "--model.num_features", "8")
    result = run_finetuning("stgcn", *slim, "--training.steps", "2")
    classifier = STGCN.from_pretrained(tmp_path / "finetuned" / "classifier")
    assert result.parameters == sum(weights.numel() for weights in classifier.parameters())
    assert classifier.config.num_classes == 3


@pytest.mark.parametrize("method", ["aimclr", "crossclr"])
def test_a_resumed_run_ends_like_one_that_was_never_stopped(run_contrast, tmp_path, monkeypatch, method):
    chosen = ("--method.kind", method, "--training.eval_every", "2")
    whole = run_contrast(*chosen, "--run.folder", str(tmp_path / "whole"))
    arguments = (*chosen, "--run.folder", str(tmp_path / "stopped"), "--run.resume")

    def dying(*arguments, **options):
        if steps.pop():
            raise KeyboardInterrupt
        return take(*arguments, **options)

    # Once before positives are mined, and once after.
    take = skeleton_lab.training.optimizer_step.OptimizerStep.take
    monkeypatch.setattr(skeleton_lab.training.optimizer_step.OptimizerStep, "take", dying)
    for before in (3, 4):
        steps = [True, *[False] * before]
        with pytest.raises(KeyboardInterrupt):
            run_contrast(*arguments)
    monkeypatch.undo()
    assert run_contrast(*arguments).checksums == whole.checksums
    assert metrics(tmp_path / "stopped")[-1] == metrics(tmp_path / "whole")[-1]
    ours, theirs = (
        load_file(tmp_path / run / "encoder" / "model.safetensors") for run in ("whole", "stopped")
    )
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert run_contrast(*arguments).seconds == run_contrast(*arguments).seconds  # it is finished


def test_bad_input_names_its_cause_and_writes_nothing(run_contrast, tmp_path):
    cases = {
        ("--data.sampling.stream", "bone"): "data.sampling.stream is 'bone'",
        ("--model.joints", "25"): "model.joints is 25, but the data have 20",
        (
            "--method.bones",
            "[[20,0]]",
            "--method.view",
            "bone",
        ): r"bones must name joints below 20, got \(20, 0\)",
        ("--method.pairs", "[[0,20]]"): r"pairs must name joints below 20, got \(0, 20\)",
        ("--method.neighbours", "33"): "neighbours is 33, but moco.queue_size only 32",
        (
            "--method.kind",
            "crossclr",
            "--method.views",
            '["bone"]',
        ): "views must be two or three different ones",
        ("--method.kind", "simclr"): "method.kind: .*'simclr'.*'crossclr', 'aimclr'",
        ("--method.top", "2"): "method.top: unknown field of aimclr",
        ("--method.extreme.blur_kernel", "4"): "blur_kernel must be odd, got 4",
        (
            "--training.gradient_accumulation_steps",
            "2",
        ): "training.gradient_accumulation_steps must be 1",
        ("--model.kind", "sttformer", "--model.pool", "by_joint"): "model.pool",
        (*STTFORMER, "--model.tuple_frames", "3"): "frames is 8, .* model.tuple_frames, 3",
    }
    for arguments, line in cases.items():
        with pytest.raises(InputError, match=line):
            run_contrast(*arguments)
        assert not (tmp_path / "contrasted").exists(), arguments
