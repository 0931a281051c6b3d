"""Files as people have them, through training: absent bodies, splits of their own, units that differ."""

import json
import sys

import numpy as np
import pytest

from skeleton_data import ImportConfig, SkeletonStore, StoreWriter, import_clips
from skeleton_lab import finetune, predict, pretrain

STEP = ("--training.steps", "2", "--run.tracker", "none", "--data.validation", "0")


@pytest.fixture
def run(monkeypatch, capsys):
    """An app by its command line: exit code, and what it says on the standard error stream."""

    def run(app, *arguments):
        monkeypatch.setattr(sys, "argv", ["app", *map(str, arguments)])
        try:
            app.main()
            code = 0
        except SystemExit as left:
            code = left.code
        return code, capsys.readouterr().err

    return run


def sources(*stores):
    return "--data.sources", json.dumps([{"store": str(store)} for store in stores])


def bring_in(shared, name, folder, **options):
    import_clips(shared / "cases" / name, folder, ImportConfig(**options))
    return folder


def test_bodies_in_one_point_teach_nothing(run, shared, tmp_path, pretrain_recipe, finetune_recipe):
    store = bring_in(shared, "12_point.npz", tmp_path / "s", layout="ntu", insist=True)
    for app, recipe, data in (
        (pretrain, pretrain_recipe, sources(store)),
        (finetune, finetune_recipe, ("--data.store", store)),
    ):
        code, err = run(app, recipe, *STEP, *data)
        assert code == 2 and str(store) in err and err.count("\n") == 1, err


def test_a_batch_without_anybody_has_no_weight(run, store, tmp_path, pretrain_recipe):
    """One clip of four is in one point, which is absent about its own joint; batches are of one clip."""
    clips = SkeletonStore.open(store)
    with StoreWriter(tmp_path / "s", layout=clips.layout, fps=30) as writer:
        for clip in range(4):
            joints = clips.read(clip) if clip else np.ones((30, 1, 20, 3), np.float32)
            writer.add(joints, name=f"{clip}")
    given = ("--training.batch_size", "1", "--training.steps", "4", *sources(tmp_path / "s"))
    code, err = run(pretrain, pretrain_recipe, *STEP, *given, "--data.validation", "0.25")
    assert code == 0, err
    lines = map(json.loads, (tmp_path / "pretrained" / "metrics.jsonl").read_text().splitlines())
    assert all(np.isfinite(line["loss"]) for line in lines if "loss" in line)


def test_pictures_and_metres_never_mix(run, shared, tmp_path, pretrain_recipe, finetune_recipe):
    flat = bring_in(shared, "03_two_d.pkl", tmp_path / "flat")
    solid = bring_in(shared, "08_ctr_17_joints.npz", tmp_path / "solid", layout="coco17")
    code, err = run(pretrain, pretrain_recipe, *STEP, *sources(flat, solid))
    assert code == 2 and "2D joints" in err and "3D joints" in err and err.count("\n") == 1
    assert run(pretrain, pretrain_recipe, *STEP, *sources(solid))[0] == 0
    given = ("--data.store", flat, "--pretrained", tmp_path / "pretrained", "--data.protocol", "all")
    code, err = run(finetune, finetune_recipe, *STEP, *given)
    assert code == 2 and "2D joints" in err and "3D joints" in err and err.count("\n") == 1, err


def test_millimetres_said_to_be_metres_are_not_recognised(run, shared, tmp_path, trained):
    millimetres = shared / "cases" / "14_millimetres_said_metres.npz"
    code, err = run(predict, trained["joint"], millimetres, "--derive")
    assert code == 2 and "units" in err and "1,53" in err


@pytest.mark.parametrize("name", ["04_ctr_gcn_own_split.npz", "04_pyskl_own_split.pkl"])
def test_the_split_that_a_file_came_with_divides(name, run, shared, tmp_path, finetune_recipe):
    store = bring_in(shared, name, tmp_path / "s", source_layout="ntu")
    code, err = run(finetune, finetune_recipe, *STEP, "--data.store", store, "--data.protocol", "own")
    assert code == 0, err
    result = json.loads((tmp_path / "finetuned" / "result.json").read_text())
    assert result["test"]["clips"] == 2
