"""One encoder for stores of several layouts, by the names of joints; all through the command line."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

from skeleton_data import Preprocessing, SkeletonLayout, SkeletonStore, StoreWriter
from skeleton_data.layouts.layout import layout
from skeleton_lab import contrast, diagnose, evaluate, finetune, predict, pretrain, share, visualize
from sttformer import STTFormer

COMMON = ("--data.layout", "configs/layouts/common.toml", "--data.validation", "0.25")
SMALL = """
[data.sampling]
frames = 8
origin = "first_frame"
[model]
encoder = { width = 8, blocks = [[8, 2], [16, 4]], tuple_frames = 2 }
decoder = { width = 8, depth = 1, qk_channels = 2 }
"""
SHORT = ("--training.epochs", "1", "--run.tracker", "none")
pytestmark = pytest.mark.usefixtures("in_repository")


def run(app, *arguments):
    """Call an app in this process; its exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["app", *map(str, arguments)])
        try:
            app.main()
        except SystemExit as left:
            return left.code
    return 0


def moving(skeleton, path):
    """Sixteen clips of a layout, in which the left or the right wrist swings; the joints stand by name."""
    random, sides = np.random.default_rng(0), ("left", "right")
    where = {joint: number for number, joint in enumerate(sorted(skeleton.joints))}
    with StoreWriter(path, layout=skeleton, class_names=sides, fps=30) as writer:
        for clip in range(16):
            joints = np.zeros((24, 1, len(skeleton.joints), 3))
            for joint, name in enumerate(skeleton.joints):
                height = 1.7 * where[name] / len(where)
                joints[:, :, joint] = (name.startswith("left") - name.startswith("right")) * 0.2, height, 0.1
            wrist = skeleton.joints.index(f"{sides[clip % 2]}_wrist")
            joints[:, 0, wrist] += 0.3 * np.sin(np.arange(24) * random.uniform(0.2, 0.6))[:, None]
            writer.add(joints, name=f"{clip}", label=clip % 2, subject=1 + clip // 2 % 4)
    return path


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("layouts")
    return {name: moving(layout(name), folder / name) for name in ("kinect_v1", "ntu", "coco17", "smpl22")}


def sources(*stores):
    return ("--data.sources", json.dumps([{"store": str(each)} for each in stores]))


@pytest.fixture(scope="module")
def encoder(stores, tmp_path_factory):
    """An encoder that was pre-trained on 20 and 25 joints together."""
    folder = tmp_path_factory.mktemp("common")
    (folder / "small.toml").write_text(SMALL)
    both = sources(stores["kinect_v1"], stores["ntu"])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(Path(__file__).parents[2])
        assert run(pretrain, folder / "small.toml", *both, *COMMON, *SHORT, "--folder", folder / "run") == 0
    return folder / "run"


def test_two_layouts_pretrain_one_encoder(encoder):
    assert json.loads((encoder / "result.json").read_text())["validation_loss"] > 0
    assert Preprocessing.load(encoder / "encoder").layout.name == "common"
    assert STTFormer.from_pretrained(encoder / "encoder").config.joints == 33
    assert 'missing = "mask"' in (encoder / "config.toml").read_text()


@pytest.mark.parametrize("name", ["coco17", "kinect_v1"])
def test_it_serves_any_of_them(name, encoder, stores, tmp_path, finetune_recipe, capsys):
    store, tuned, shared = stores[name], tmp_path / "finetuned", tmp_path / "shared"
    given = ("--data.store", store, "--pretrained", encoder, "--data.sampling.frames", "8", *SHORT)
    assert run(finetune, finetune_recipe, *given) == 0
    assert f"{len(layout(name).joints)} of the 33" in capsys.readouterr().out
    network = STTFormer.from_pretrained(tuned / "classifier")
    assert network.config.joints == len(layout(name).joints) and network.config.joint_count == 33
    weights = load_file(encoder / "encoder" / "model.safetensors")
    assert {key: value.shape for key, value in network.state_dict().items() if "head" not in key} == {
        key: value.shape for key, value in weights.items()
    }
    assert run(evaluate, tuned) == 0
    assert run(evaluate, encoder, "--data.store", store, "--data.protocol", "odd-subjects") == 0
    assert run(share, tuned, "--output", shared) == 0  # which compares model.onnx with the network
    capsys.readouterr()
    answers = []
    for model in (tuned, shared):
        assert run(predict, model, store, "--format", "json") == 0
        lines = capsys.readouterr().out.splitlines()
        answers.append([json.loads(line)["classes"]["left"] for line in lines])
    assert len(answers[0]) == 16 and answers[0] == pytest.approx(answers[1])


def test_the_order_of_a_layout_changes_nothing(stores, tmp_path, pretrain_recipe):
    whole = SkeletonStore.open(stores["kinect_v1"])
    order = np.random.default_rng(2).permutation(20).tolist()
    names = [whole.layout.joints[joint] for joint in order]
    parents = [-1 if (up := whole.layout.parents[joint]) < 0 else order.index(up) for joint in order]
    other = SkeletonLayout.of_hierarchy("other", names, parents)
    other = other.model_copy(update={"centre": order.index(whole.layout.centre)})
    with StoreWriter(tmp_path / "other", layout=other, class_names=whole.class_names, fps=30) as writer:
        for clip in range(len(whole)):
            facts = {"label": int(whole.index.label[clip]), "subject": int(whole.index.subject[clip])}
            writer.add(whole.read(clip)[:, :, order], name=whole.name(clip), **facts)
    for name, store in (("one", stores["kinect_v1"]), ("other-run", tmp_path / "other")):
        place = ("--run.folder", tmp_path / name)
        assert run(pretrain, pretrain_recipe, *sources(store, stores["ntu"]), *COMMON, *SHORT, *place) == 0
    one, two = (tmp_path / name / "model.safetensors" for name in ("one", "other-run"))
    assert one.read_bytes() == two.read_bytes()


def test_what_has_no_place_is_refused_by_name(
    encoder, stores, tmp_path, pretrain_recipe, finetune_recipe, contrast_recipe, capsys
):
    smpl, both = stores["smpl22"], sources(stores["kinect_v1"], stores["ntu"])
    cases = [
        ((pretrain, pretrain_recipe, *sources(stores["ntu"], smpl), *COMMON), "spine1"),
        ((finetune, finetune_recipe, "--data.store", smpl, "--pretrained", encoder), "spine1"),
        ((evaluate, encoder, "--data.store", smpl, "--data.protocol", "odd-subjects"), "spine1"),
        ((pretrain, pretrain_recipe, *both), "data.layout"),
        ((pretrain, pretrain_recipe, *both, *COMMON, "--model.missing", "fill"), "model.missing"),
        ((pretrain, pretrain_recipe, *both, *COMMON, "--model.latent", "{}"), "model.latent"),
        (
            (pretrain, pretrain_recipe, *both, *COMMON, "--data.sampling.stream", "bone"),
            "data.sampling.stream",
        ),
        (
            (
                pretrain,
                pretrain_recipe,
                *both,
                *COMMON,
                "--mask.frame_ratio",
                "0",
                "--mask.joint_ratio",
                "0.2",
            ),
            "model.mask",
        ),
        ((contrast, contrast_recipe, *both, *COMMON), "layout"),
        ((visualize, "reconstruction", encoder, tmp_path / "clip.png", "--store", stores["ntu"]), "ntu"),
    ]
    for (app, *arguments), named in cases:
        assert run(app, *arguments) == 2, named
        assert named in capsys.readouterr().err
    assert not (tmp_path / "pretrained").exists() and not (tmp_path / "finetuned").exists()


def test_diagnose_looks_at_the_layers_for_joints_of_a_store(encoder, stores, tmp_path):
    given = ("--data.store", stores["ntu"], "--data.protocol", "odd-subjects", "--folder", tmp_path / "found")
    assert run(diagnose, encoder, *given) == 0
    found = json.loads((tmp_path / "found" / "diagnosis.json").read_text())
    assert found["layers"] and not found["reconstruction"]
