"""Each random change of a clip alone, against loops or in closed form, and all of them chosen by a config."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from skeleton_data.layouts.layout import layout, layout_names
from skeleton_data.transforms import (
    Draw,
    add_noise,
    augment,
    blur,
    drop_axis,
    drop_frames,
    drop_joints,
    flip,
    hide,
    normals,
    one_axis_angles,
    reflected_crop,
    rotate,
    rotation_matrix,
    scale_matrix,
    shear_matrix,
    uniforms,
)
from skeleton_data.transforms.augmentation import AIMCLR_EXTREME, AIMCLR_NORMAL, Augmentation

NTU = layout("ntu")
EVERYTHING = AIMCLR_EXTREME.model_copy(
    update={"scale": 0.2, "flip": 0.5, "frame_dropout": 0.2, "joint_dropout": 0.1}
)


def clips(n=3, t=6, v=25, m=2, seed=0, dtype=torch.float64):
    joints = torch.randn(n, 3, t, v, m, generator=torch.Generator().manual_seed(seed), dtype=dtype)
    joints[0, :, t // 2 :, :, 1] = 0  # a body leaves
    return joints


def test_scale_multiplies_each_axis():
    joints, factors = clips(), torch.tensor([[1.0, 2.0, 0.5]] * 3, dtype=torch.float64)
    scaled = rotate(joints, scale_matrix(factors))
    for axis in range(3):
        torch.testing.assert_close(scaled[:, axis], joints[:, axis] * factors[0, axis])


def test_shear_adds_the_other_axes():
    joints, amounts = clips(), torch.rand(3, 6, dtype=torch.float64)
    sheared = rotate(joints, shear_matrix(amounts))
    for clip in range(3):
        (x, y, z), (xy, xz, yx, yz, zx, zy) = joints[clip], amounts[clip]
        slow = torch.stack([x + xy * y + xz * z, yx * x + y + yz * z, zx * x + zy * y + z])
        torch.testing.assert_close(sheared[clip], slow)


def test_rotation_about_one_axis_leaves_it():
    joints = clips()
    axis, angle = torch.tensor([0, 1, 2]), torch.tensor([0.5, -1.0, 3.0], dtype=torch.float64)
    turned = rotate(joints, rotation_matrix(one_axis_angles(axis, angle)))
    for clip in range(3):
        torch.testing.assert_close(turned[clip, clip], joints[clip, clip])
    torch.testing.assert_close(turned.norm(dim=1), joints.norm(dim=1))


@pytest.mark.parametrize("name", layout_names())
def test_flip_exchanges_the_sides(name):
    skeleton = layout(name)
    joints = clips(v=len(skeleton.joints))
    chosen = torch.tensor([True, False, True])
    flipped = flip(joints, skeleton.mirror, chosen)
    swapped = flip(joints, skeleton.mirror, chosen, axis=None)
    sign = torch.tensor([-1.0, 1, 1], dtype=torch.float64)[:, None, None]
    sides = {left: right for pair in skeleton.pairs for left, right in (pair, pair[::-1])}
    for joint in range(len(skeleton.joints)):
        other = joints[:, :, :, sides.get(joint, joint)]
        assert torch.equal(flipped[0, :, :, joint], sign * other[0])
        assert torch.equal(swapped[2, :, :, joint], other[2])
    assert torch.equal(flipped[1], joints[1])
    assert torch.equal(flip(flipped, skeleton.mirror, chosen), joints)


def test_noise_is_added_where_a_body_is():
    joints, noise = clips(), torch.randn(3, 3, 6, 25, 2, dtype=torch.float64)
    noisy = add_noise(joints, noise, torch.tensor([0.1, 0.0, 2.0], dtype=torch.float64))
    assert not noisy[0, :, 3:, :, 1].any() and torch.equal(noisy[1], joints[1])
    torch.testing.assert_close(noisy[2] - joints[2], 2 * noise[2])
    torch.testing.assert_close((noisy - joints)[0, ..., 0], 0.1 * noise[0, ..., 0])


def test_blur_is_a_weighted_mean_of_the_frames_with_the_body():
    joints = clips(t=9)
    joints[1, :, 2, :, 0] = 0  # lost for a frame
    sigma = torch.tensor([0.4, 1.5, 0.0], dtype=torch.float64)
    blurred = blur(joints, sigma)
    for clip in range(2):
        for body in range(2):
            there = [bool(joints[clip, :, t, :, body].any()) for t in range(9)]
            for frame in range(9):
                weights = [math.exp(-0.5 * ((frame - t) / sigma[clip]) ** 2) * there[t] for t in range(9)]
                slow = sum(w * joints[clip, :, t, :, body] for t, w in enumerate(weights)) / sum(weights)
                torch.testing.assert_close(blurred[clip, :, frame, :, body], slow * there[frame])
    torch.testing.assert_close(blurred[2], joints[2], rtol=0, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_blur_keeps_what_stands_still(dtype):
    still = torch.randn(2, 3, 1, 5, 1, dtype=dtype).expand(-1, -1, 20, -1, -1)
    torch.testing.assert_close(blur(still, torch.tensor([0.1, 4.0], dtype=dtype)), still)


def test_drops_set_to_zero():
    joints = clips()
    dropped = drop_axis(joints, torch.tensor([2, -1, 0]))
    assert not dropped[0, 2].any() and torch.equal(dropped[0, :2], joints[0, :2])
    assert torch.equal(dropped[1], joints[1]) and not dropped[2, 0].any()
    frames, parts = torch.rand(3, 6) < 0.5, torch.rand(3, 25) < 0.5
    for clip in range(3):
        for frame in range(6):
            expected = 0 if frames[clip, frame] else joints[clip, :, frame]
            assert (drop_frames(joints, frames)[clip, :, frame] == expected).all()
        for joint in range(25):
            expected = 0 if parts[clip, joint] else joints[clip, :, :, joint]
            assert (drop_joints(joints, parts)[clip, :, :, joint] == expected).all()


@given(st.integers(1, 9), st.data())
def test_reflected_crop_is_padding_then_cropping(frames, data):
    padding = data.draw(st.integers(0, frames))
    starts = data.draw(st.lists(st.integers(-padding, padding), min_size=2, max_size=2))
    joints = clips(n=2, t=frames)
    cropped = reflected_crop(joints, torch.tensor(starts))
    for clip, start in enumerate(starts):
        line = joints[clip].numpy()
        padded = np.concatenate(
            [line[:, :padding][:, ::-1], line, line[:, frames - padding :][:, ::-1]], axis=1
        )
        np.testing.assert_array_equal(cropped[clip], padded[:, padding + start :][:, :frames])


def test_rows_of_random_numbers_depend_on_their_keys_only():
    both = uniforms(3, [0, 5], [7, 8], Draw.SHEAR, 6)
    np.testing.assert_array_equal(both[1:], uniforms(3, 5, [8], Draw.SHEAR, 6))
    np.testing.assert_array_equal(both[:, :2], uniforms(3, [0, 5], [7, 8], Draw.SHEAR, 2))
    assert len(np.unique(np.concatenate([both, uniforms(3, [0, 5], [7, 8], Draw.SCALE, 6)]))) == 24


def test_uniform_and_normal_numbers_are_distributed_as_they_say():
    numbers = uniforms(1, 0, range(20), Draw.SHEAR, 500)
    histogram, _ = np.histogram(numbers, bins=10, range=(0, 1))
    assert abs(histogram - 1000).max() < 120
    drawn = normals(1, 0, range(20), Draw.NOISE, 501)
    assert drawn.dtype == np.float32 and drawn.shape == (20, 501) and np.isfinite(drawn).all()
    for power, moment in ((1, 0), (2, 1), (3, 0), (4, 3)):
        assert (drawn.astype(float) ** power).mean() == pytest.approx(moment, abs=0.2)
    assert abs(np.corrcoef(drawn[:, :250].ravel(), drawn[:, 251:].ravel())[0, 1]) < 0.05


@pytest.mark.parametrize("config", [AIMCLR_NORMAL, EVERYTHING])
def test_a_clip_is_augmented_the_same_in_any_batch(config):
    joints, numbers = clips(n=6, dtype=torch.float32), torch.tensor([5, 3, 9, 0, 1, 2])
    keys = {"seed": 4, "epoch": 2}
    whole = hide(augment(joints, config, NTU, clip=numbers, **keys), config, clip=numbers, **keys)
    for row in range(6):
        part, number = joints[row : row + 1], numbers[row : row + 1]
        alone = hide(augment(part, config, NTU, clip=number, **keys), config, clip=number, **keys)
        torch.testing.assert_close(alone[0], whole[row], atol=1e-6, rtol=0)
    others = [augment(joints, config, NTU, clip=numbers, **keys | new) for new in ({"seed": 5}, {"epoch": 3})]
    assert not any(torch.equal(other, whole) for other in others)


def test_nothing_chosen_changes_nothing():
    joints = clips()
    keys = {"seed": 0, "epoch": 0, "clip": [0, 1, 2]}
    assert augment(joints, Augmentation(), NTU, **keys) is joints
    assert hide(joints, Augmentation(), **keys) is joints


@pytest.mark.parametrize(
    ("change", "share"),
    [
        ({"flip": 0.3}, 0.3),
        ({"swap": 0.6}, 0.6),
        ({"noise": 0.1, "noise_probability": 0.4}, 0.4),
        ({"axis_rotation": 0.5, "axis_rotation_probability": 0.7}, 0.7),
        ({"blur": 0.2, "blur_sigma": (1.0, 2.0)}, 0.2),
        ({"axis_drop": 0.5}, 0.5),
        ({"shear": 0.5}, 1.0),
        ({"scale": 0.1}, 1.0),
    ],
)
def test_chances_are_kept(change, share):
    joints = torch.randn(1, 3, 4, 25, 1).expand(400, -1, -1, -1, -1)
    config, keys = Augmentation(**change), {"seed": 0, "epoch": 0, "clip": range(400)}
    changed = hide(augment(joints, config, NTU, **keys), config, **keys)
    differs = (changed - joints).abs().flatten(1).amax(dim=1) > 1e-5
    assert differs.float().mean().item() == pytest.approx(share, abs=0.07)


def test_dropout_shares_are_kept():
    keys = {"seed": 0, "epoch": 0, "clip": range(50)}
    frames = hide(torch.ones(50, 3, 40, 25, 1), Augmentation(frame_dropout=0.3), **keys)
    joints = hide(torch.ones(50, 3, 40, 25, 1), Augmentation(joint_dropout=0.2), **keys)
    assert frames.mean().item() == pytest.approx(0.7, abs=0.03)
    assert joints.mean().item() == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize(
    "wrong",
    [
        {"flip": 1.5},
        {"flip": True},
        {"noise": -1},
        {"scale": 1.0},
        {"blur_sigma": (2.0, 1.0)},
        {"temporal_padding": 2},
        {"jitter": 1},
    ],
)
def test_a_wrong_amount_names_the_field(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Augmentation(**wrong)


def test_every_field_is_described():
    assert all(field.description for field in Augmentation.model_fields.values())


def test_some_clips_are_changed_and_the_others_stay_as_they_are():
    joints, config = clips(n=400, t=4), EVERYTHING.model_copy(update={"probability": 0.25})
    key = {"seed": 0, "epoch": 3, "clip": range(400)}
    always, some = (augment(joints, each, NTU, **key) for each in (EVERYTHING, config))
    untouched = (some == joints).flatten(1).all(1)
    torch.testing.assert_close(some[~untouched], always[~untouched], rtol=0, atol=0)
    assert 260 < int(untouched.sum()) < 340
    hidden, all_hidden = (hide(joints, each, **key) for each in (config, EVERYTHING))
    torch.testing.assert_close(hidden[untouched], joints[untouched], rtol=0, atol=0)
    torch.testing.assert_close(hidden[~untouched], all_hidden[~untouched], rtol=0, atol=0)


def test_with_no_chance_nothing_changes():
    config, key = (
        EVERYTHING.model_copy(update={"probability": 0.0}),
        {"seed": 0, "epoch": 0, "clip": range(3)},
    )
    joints = clips()
    assert torch.equal(augment(joints, config, NTU, **key), joints)
    assert torch.equal(hide(joints, config, **key), joints)


def test_the_confidence_of_joints_in_a_picture_is_no_axis_that_is_hidden() -> None:
    clips = torch.rand(30, 3, 4, 5, 1) + 1
    hidden = hide(clips, Augmentation(axis_drop=1.0), seed=0, epoch=0, clip=range(30), flat=True)
    assert torch.equal(hidden[:, 2], clips[:, 2])
    assert (hidden == 0).flatten(2).all(2).sum(1).eq(1).all(), "one of x and y in each clip"
    assert (hidden[:, :2] == 0).flatten(2).all(2).any(0).all(), "each of them in some clip"
