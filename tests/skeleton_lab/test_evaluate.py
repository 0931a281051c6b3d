"""Evaluation through its command line, against what runs found themselves and against loops over clips."""

import csv
import json
import math
import shutil
import sys

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from einops import rearrange

from skeleton_data import SkeletonStore, label_subset, sample_clips, split
from skeleton_lab import evaluate
from skeleton_lab.errors import InputError, OutputError
from skeleton_lab.evaluation.confusion import save_evaluation
from skeleton_lab.evaluation.evaluation import ClipReader
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.recipe.recipe import read_options
from skeleton_lab.runs.results import Evaluation
from skeletonmae import JointStatistics


def run(*arguments):
    config = read_options(evaluate.EvaluateConfig, [str(each) for each in arguments], program="evaluate")
    return evaluate.run(config)


@pytest.fixture(scope="module")
def unseen(store):
    """The store, and the clips of the test side."""
    opened = SkeletonStore.open(store)
    return opened, split(opened.index, "odd-subjects").test


def answers(run_folder, store, clips, *, network=None):
    """Answers of a model, clip by clip, through no dataset."""
    model = SavedModel.open(run_folder)
    network = network or model.load()
    with torch.no_grad():
        return [network(show(store, clip, model))[0] for clip in clips]


def show(store, clip, model):
    """A clip as the model sees it (1, C, T, V, M)."""
    return torch.from_numpy(sample_clips([store.read(int(clip))], model.preprocessing))


def share(chosen, labels):
    return sum(int(a) == int(b) for a, b in zip(chosen, labels, strict=True)) / len(labels)


def test_a_classifier_does_as_well_as_its_run_says(trained, tmp_path, capsys):
    found = run(trained["joint"], "--folder", tmp_path / "new").methods["classifier"]
    said = json.loads((trained["joint"] / "result.json").read_text())["test"]
    assert found.model_dump() == said
    assert json.loads((tmp_path / "new" / "evaluation.json").read_text())["methods"]["classifier"] == said
    header, *rows = csv.reader((tmp_path / "new" / "confusion-classifier.csv").read_text().splitlines())
    counts = np.array([[int(count) for count in row[1:]] for row in rows])
    assert header == ["true class", "slow", "fast", "wide"] == ["true class", *(row[0] for row in rows)]
    assert counts.sum() == said["clips"]
    assert counts.trace() / counts.sum() == said["top1"]
    assert (counts.diagonal() / counts.sum(1)).tolist() == pytest.approx(list(said["per_class"].values()))
    assert (tmp_path / "new" / "confusion-classifier.png").stat().st_size > 1000
    printed = capsys.readouterr().out
    assert f"{trained['joint']}: 48 test clips of odd-subjects\n" in printed
    assert f"| top-1 | {100 * said['top1']:.1f} |" in printed


def test_the_validation_side_is_the_one_that_selected(trained):
    found = run(trained["joint"], "--side", "validation")
    result = json.loads((trained["joint"] / "result.json").read_text())
    assert found.methods["classifier"].clips == result["validation_clips"] == 12
    assert found.methods["classifier"].top1 == result["validation_top1"]
    assert (trained["joint"] / "evaluation-validation" / "evaluation.json").is_file()


def test_streams_are_fused_clip_by_clip(trained, unseen, capsys):
    store, clips = unseen
    found = run(trained["joint"], trained["bone"], "--weights", "0.6,0.4").methods["classifier"]
    both = [answers(trained[name], store, clips) for name in ("joint", "bone")]
    chosen = [(0.6 * joint + 0.4 * bone).argmax() for joint, bone in zip(*both, strict=True)]
    assert found.top1 == pytest.approx(share(chosen, store.index.label[clips]))
    assert "Saved" not in capsys.readouterr().out


def test_probe_and_neighbours_of_an_encoder(trained, unseen, store, tmp_path):
    opened, clips = unseen
    train = split(opened.index, "odd-subjects").train
    found = run(trained["encoder"], "--folder", tmp_path, "--calibration_clips", "0", "--whitening", "0")
    assert (found.labelled_clips, found.calibration_clips) == (48, 0)
    known, asked = (torch.stack(answers(trained["encoder"], opened, side)) for side in (train, clips))
    nearest = []
    for query in asked:
        similar = [
            float(query @ clip) / math.sqrt(float(query @ query) * float(clip @ clip)) for clip in known
        ]
        nearest.append(opened.index.label[train[int(np.argmax(similar))]])
    neighbours = found.methods["nearest neighbours"]
    assert neighbours.top1 == pytest.approx(share(nearest, opened.index.label[clips]), abs=1.1 / 48)
    assert neighbours.top5 is None
    assert found.methods["linear probe"].top1 > 0.5
    assert {path.name for path in tmp_path.glob("*.csv")} == {
        "confusion-linear-probe.csv",
        "confusion-nearest-neighbours.csv",
    }


def test_features_can_keep_joints_apart(trained, unseen):
    opened, clips = unseen
    train = split(opened.index, "odd-subjects").train
    few = ("--calibration_clips", "0", "--pool", "by_joint")
    found = run(trained["encoder"], *few).methods["nearest neighbours"]
    network = SavedModel.open(trained["encoder"]).load()
    network.config = network.config.model_copy(update={"pool": "by_joint"})
    known, asked = (
        torch.stack(answers(trained["encoder"], opened, side, network=network)) for side in (train, clips)
    )
    assert known.shape == (48, 20 * 16)
    similar = torch.nn.functional.cosine_similarity(asked[:, None], known[None], dim=2).argmax(1)
    nearest = opened.index.label[train[similar]]
    assert found.top1 == pytest.approx(share(nearest, opened.index.label[clips]), abs=1.1 / 48)
    with pytest.raises(InputError, match=rf"^pool: .*{trained['joint']}/classifier"):
        run(trained["joint"], "--pool", "by_joint")


def test_features_can_be_whitened_by_the_training_side(trained, unseen):
    opened, clips = unseen
    train = split(opened.index, "odd-subjects").train
    options = ("--calibration_clips", "0", "--data.labels_per_class", "2", "--whitening", "4")
    found = run(trained["encoder"], *options, "--pool", "joint_statistics")
    labelled = train[label_subset(opened.index.label[train], fraction=None, per_class=2, seed=0)]
    network = JointStatistics(SavedModel.open(trained["encoder"]).load())
    everyone, known, asked = (
        torch.stack(answers(trained["encoder"], opened, side, network=network)).double()
        for side in (train, labelled, clips)
    )
    assert (len(known), everyone.shape) == (found.labelled_clips, (48, 2 * 20 * 16)) == (6, (48, 640))
    mean = everyone.mean(0)
    variances, directions = torch.linalg.eigh((everyone - mean).T @ (everyone - mean) / 48)
    whitening = directions[:, -4:] / variances[-4:] ** 0.25
    known, asked = ((each - mean) @ whitening for each in (known, asked))
    similar = torch.nn.functional.cosine_similarity(asked[:, None], known[None], dim=2).argmax(1)
    nearest = opened.index.label[labelled[similar]]
    neighbours = found.methods["nearest neighbours"].top1
    assert neighbours == pytest.approx(share(nearest, opened.index.label[clips]), abs=1.1 / 48)
    default = ("--calibration_clips", "0", "--data.labels_per_class", "2")
    quarter = run(
        trained["encoder"], *default, "--pool", "joint_statistics", "--whitening", str(len(train) // 4)
    )
    assert run(trained["encoder"], *default).methods == quarter.methods
    with pytest.raises(InputError, match=rf"^whitening: .*{trained['joint']}/classifier"):
        run(trained["joint"], "--whitening", "4")


def test_statistics_are_calibrated_on_whole_training_clips(trained, unseen):
    opened, _ = unseen
    train = split(opened.index, "odd-subjects").train
    model = SavedModel.open(trained["encoder"])
    network, before = model.load(), model.load()
    ClipReader(Accelerator(), opened, 48, 0).calibrate(network, model.preprocessing, train, 48)
    # In one batch of all clips, the first norm has the statistics of what is embedded.
    joints = torch.cat([show(opened, clip, model) for clip in train])
    rows = network.embed(rearrange(joints, "n c t v m -> (n m t v) c"))
    torch.testing.assert_close(network.embed_norm.running_mean, rows.mean(0), atol=1e-5, rtol=1e-4)
    assert not torch.equal(network.embed_norm.running_mean, before.embed_norm.running_mean)
    for name, weights in before.named_parameters():
        assert torch.equal(network.get_parameter(name), weights)
    assert run(trained["encoder"], "--calibration_clips", "999").calibration_clips == 48


def test_encoders_are_fused_and_labels_can_be_few(trained, tmp_path):
    found = run(trained["encoder"], trained["encoder"], "--data.labels_per_class", "2", "--neighbours", "5")
    assert (found.labelled_clips, found.calibration_clips) == (6, 48)
    alone = run(trained["encoder"], "--data.labels_per_class", "2", "--neighbours", "5", "--folder", tmp_path)
    assert alone.methods == found.methods


def test_bad_input_names_its_cause_and_writes_nothing(trained, other_store, store, tmp_path):
    joint, bone, encoder = (trained[name] for name in ("joint", "bone", "encoder"))
    loose = tmp_path / "loose"
    shutil.copytree(joint / "classifier", loose)
    damaged = {name: tmp_path / name for name in ("unknown", "list", "empty")}
    for name, folder in damaged.items():
        shutil.copytree(joint, folder, ignore=shutil.ignore_patterns("checkpoints"))
        recipe = folder / "config.toml"
        text = {"unknown": recipe.read_text().replace("[data]", "[data]\nodd = 1"), "list": "data = [1]"}
        recipe.write_text(text.get(name, "[data]\nsources = []"))
    cases = {
        (damaged["unknown"],): r"^[^\n]*unknown/config\.toml: data: odd: unknown field[^\n]*$",
        (damaged["list"],): r"^[^\n]*list/config\.toml: data: [^\n]*$",
        (damaged["empty"],): r"^[^\n]*empty/config\.toml: data: [^\n]*$",
        (joint, "--data.fold", "3"): r"^data: fold: 3, [^\n]*$",
        ("nowhere",): "nowhere: no such folder",
        (tmp_path,): "is not a model: neither it, nor classifier/ or encoder/ in it, has a config.json",
        (joint, encoder): "encoder and .*joint/classifier are a classifier and an encoder",
        (joint, bone, "--weights", "1"): "weights: .* 1 .* 2 models",
        (joint, "--weights", "0"): "weights.0: .*above 0",
        (joint, "--weights", "0.5"): "weights: ",
        (joint, "--neighbours", "5", "--data.label_seed", "1"): "^neighbours, data.label_seed: ",
        (
            joint,
            "--data.protocol",
            "ntu60-xsub",
        ): "data.protocol is ntu60-xsub, but .* with odd-subjects: clips",
        (
            joint,
            "--side",
            "validation",
            "--data.validation",
            "0.5",
        ): "data.validation is 0.5, but .* with 0.25",
        (
            joint,
            "--data.store",
            other_store,
        ): "ntu.store has layout ntu .25 joints., but .* for kinect_v1 .20",
        (loose,): "data.store must be given.*loose",
        (loose, "--data.store", store): "data.protocol must be given",
        (encoder, "--data.protocol", "all"): "leaves no labelled test clips",
        (
            encoder,
            "--side",
            "validation",
            "--data.validation",
            "0",
        ): "side is validation, but data.validation is 0",
        (joint, "--data.store", "nowhere"): "nowhere: no such folder; expected a store",
        ("hf://../../etc",): "hf://../../etc does not name a model",
    }
    for arguments, line in cases.items():
        with pytest.raises(InputError, match=line):
            run(*arguments, "--folder", tmp_path / "new")
        assert not (tmp_path / "new").exists(), arguments
    found = run(loose, "--data.store", store, "--data.protocol", "odd-subjects").methods["classifier"]
    assert found.top1 == json.loads((joint / "result.json").read_text())["test"]["top1"]


def test_a_mistake_is_a_line_with_exit_code_2(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["evaluate", "nowhere", "--neighbours", "0"])
    with pytest.raises(SystemExit, match="2"):
        evaluate.main()
    assert capsys.readouterr().err.splitlines() == [
        "evaluate: error: neighbours: expected at least 1, found '0'"
    ]


def test_what_cannot_be_written_is_no_mistake_of_the_input(tmp_path):
    result = Evaluation(
        models=["model"],
        weights=[1.0],
        store=tmp_path,
        protocol="all",
        side="test",
        labelled_clips=None,
        calibration_clips=0,
        methods={},
        num_processes=1,
    )
    (tmp_path / "evaluation.json" / "in the way").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"evaluation\.json cannot be written: "):
        save_evaluation(tmp_path, result, {})
