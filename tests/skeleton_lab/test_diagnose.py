"""What an encoder has learned: trivial rebuilding against loops, the rest against evaluation and the run."""

import json

import numpy as np
import pytest
import torch

from skeleton_lab import contrast, diagnose, evaluate
from skeleton_lab.errors import InputError
from skeleton_lab.evaluation.layer_features import dimensions
from skeleton_lab.evaluation.simple_predictors import linear, mean_pose, nearest_frame
from skeleton_lab.recipe.recipe import read_options, read_recipe


def run(*arguments):
    config = read_options(diagnose.DiagnoseConfig, [str(each) for each in arguments], program="diagnose")
    return diagnose.run(config)


@pytest.fixture(scope="module")
def bodies():
    """Joints, of which one is never visible and one always, and the mean pose."""
    generator = torch.Generator().manual_seed(0)
    joints, pose = (torch.randn(shape, generator=generator) for shape in ((4, 9, 5, 3), (5, 3)))
    visible = torch.rand(4, 9, 5, generator=generator) < 0.4
    visible[0, :, 0], visible[1, :, 1] = False, True
    return joints, visible, pose


def each_joint(bodies, answer):
    """What `answer` says of each joint: it gets frames and places that are visible, and a frame."""
    joints, visible, pose = bodies
    expected = torch.empty_like(joints)
    for body, frame, joint in np.ndindex(visible.shape):
        seen = visible[body, :, joint].nonzero()[:, 0].tolist()
        places = joints[body, seen, joint].numpy()
        known = pose[joint].numpy() if not seen else answer(seen, places, frame)
        expected[body, frame, joint] = torch.from_numpy(np.asarray(known, dtype=np.float32))
    return expected


@pytest.mark.parametrize(
    ("predict", "answer"),
    [
        (mean_pose, lambda seen, places, frame: places.mean(0)),
        (nearest_frame, lambda seen, places, frame: places[np.argmin([abs(frame - at) for at in seen])]),
        (
            linear,
            lambda seen, places, frame: [np.interp(frame, seen, places[:, axis]) for axis in range(3)],
        ),
    ],
)
def test_rebuilding_without_learning(bodies, predict, answer):
    torch.testing.assert_close(predict(*bodies), each_joint(bodies, answer))


@pytest.mark.parametrize("predict", [mean_pose, nearest_frame, linear])
def test_hidden_joints_are_not_looked_at(bodies, predict):
    joints, visible, pose = bodies
    assert predict(joints.where(visible[..., None], torch.nan), visible, pose).isfinite().all()


def test_a_line_has_one_dimension_and_a_ball_as_many_as_it_has():
    along = torch.randn(50, 1, generator=torch.Generator().manual_seed(0))
    assert dimensions(along * torch.tensor([1.0, 2.0, 3.0])) == pytest.approx(1)
    assert dimensions(torch.cat([torch.eye(6), -torch.eye(6)])) == pytest.approx(6)


def test_an_encoder_is_diagnosed(trained, tmp_path, capsys):
    found = run(trained["encoder"], "--data.labels_per_class", "4", "--folder", tmp_path / "found")
    assert list(found.layers) == ["coordinates", "block 1", "block 2"]
    assert list(found.untrained) == ["block 1", "block 2"]
    assert found.layers["block 2"] != found.untrained["block 2"]
    moved = found.layers["block 2"].statistics
    assert moved is not None
    assert moved.shift > 0
    assert json.loads((tmp_path / "found" / "diagnosis.json").read_text()) == found.model_dump(mode="json")
    printed = capsys.readouterr().out
    assert "48 test clips of odd-subjects, learnt from 12\n" in printed
    assert f"| the model | {found.reconstruction['the model'].hidden:.4g} |" in printed
    assert "| block 2 / untrained | " in printed


def test_whoever_looks_at_clips_of_the_pretraining_is_told(trained, capsys):
    for protocol, seen in (("odd-subjects", False), ("subject in 2,4 / subject in 1,3", True)):
        run(trained["encoder"], "--data.protocol", protocol)
        assert ("transductive" in capsys.readouterr().err) is seen


def test_the_last_layer_is_what_evaluation_sees(trained, tmp_path):
    found = run(trained["encoder"]).layers["block 2"]
    config = ["--folder", str(tmp_path / "evaluated"), "--whitening", "0"]
    seen = evaluate.run(
        read_options(evaluate.EvaluateConfig, [str(trained["encoder"]), *config], program="evaluate")
    )
    assert found.probe == seen.methods["linear probe"].top1
    assert found.neighbours == seen.methods["nearest neighbours"].top1


def test_errors_add_up_to_the_validation_loss_of_the_run(trained):
    error = run(trained["encoder"], "--side", "validation").reconstruction["the model"]
    loss = json.loads((trained["encoder"] / "result.json").read_text())["validation_loss"]
    shown = 5 / 8 * 10 / 20  # of 8 frames 5, of 20 joints 10 in each
    assert shown * error.visible + (1 - shown) * error.hidden == pytest.approx(loss, rel=1e-5)


def test_without_recalibration_there_is_no_shift(trained):
    layers = run(trained["encoder"], "--calibration_clips", "0").layers
    assert all(layer.statistics is None for layer in layers.values())


def test_a_contrastive_encoder_rebuilds_nothing(contrast_recipe, tmp_path):
    options = ["--training.epochs", "1", "--run.tracker", "none"]
    config = read_recipe(contrast.ContrastConfig, [str(contrast_recipe), *options], program="contrast")
    contrast.run(config, bar={"disable": True})
    found = run(tmp_path / "contrasted")
    assert found.reconstruction == {}
    assert list(found.layers) == ["coordinates", "last block"]


def test_what_cannot_be_diagnosed_is_named(trained, tmp_path):
    with pytest.raises(InputError, match="is a classifier"):
        run(trained["joint"])
    with pytest.raises(InputError, match="nowhere: no such folder"):
        run(tmp_path / "nowhere")
    with pytest.raises(InputError, match="labels_per_class"):
        run(trained["encoder"], "--data.labels_per_class", "1000")
