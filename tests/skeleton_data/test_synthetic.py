"""Synthetic actions: kinematics against analytic answers, meaning of the actions, the sensor, files."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skeleton_data.layouts.layout import layout
from skeleton_data.ntu.cleaning import clean
from skeleton_data.synthetic import SyntheticConfig, generate
from skeleton_data.synthetic.body import rotation, two_bone
from skeleton_data.synthetic.catalogue import ACTIONS, NAMES, Action, Duo
from skeleton_data.synthetic.keyframes import interpolate, minimum_jerk
from skeleton_data.synthetic.performer import Performer
from skeleton_data.synthetic.sensor import Camera, observe
from skeleton_data.synthetic.stage import perform

BASE, HEAD, WRISTS, HANDS, ANKLES, FEET = 0, 3, (6, 10), (7, 11), (14, 18), (15, 19)


def rng(*key: int) -> np.random.Generator:
    return np.random.default_rng(key)


def performance(action: Action, *key: int, frames: tuple[int, int] = (40, 90)) -> list[np.ndarray]:
    return perform(
        action, Performer.sample(rng(1, *key)), Performer.sample(rng(2, *key)), frames, rng(3, *key)
    )


def action(name: str) -> Action:
    return ACTIONS[NAMES.index(name)]


# --- kinematics


def test_minimum_jerk_matches_its_definition() -> None:
    time = np.linspace(0, 1, 2001)
    way = minimum_jerk(time)
    velocity, acceleration = np.gradient(way, time), np.gradient(np.gradient(way, time), time)
    assert way[0] == 0 and way[-1] == 1
    np.testing.assert_allclose(velocity[[0, -1]], 0, atol=1e-5)
    np.testing.assert_allclose(acceleration[[0, -1]], 0, atol=0.1)
    assert velocity.max() == pytest.approx(
        1.875, abs=1e-3
    )  # Flash and Hogan: peak velocity 1.875 of the mean


def test_channels_pass_through_keys_and_stand_still_outside() -> None:
    keys = [(0.5, (0.0, 1.0)), (1.0, (2.0, 1.0)), (2.0, (2.0, -3.0))]
    values = interpolate(keys, np.array([-1.0, 0.5, 0.75, 1.0, 1.5, 2.0, 7.0]))
    expected = [[0, 1], [0, 1], [1, 1], [2, 1], [2, -1], [2, -3], [2, -3]]
    np.testing.assert_allclose(values, expected)


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3))
def test_rotation_is_yaw_pitch_roll(angles: list[float]) -> None:
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles), np.sin(angles)
    pitch = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    roll = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    np.testing.assert_allclose(rotation(np.array([angles]))[0], yaw @ pitch @ roll, atol=1e-12)


@given(st.integers(0, 2**32), st.floats(0.1, 1), st.floats(0.1, 1))
def test_two_bones_keep_their_lengths_and_reach_what_they_can(seed: int, upper: float, lower: float) -> None:
    root, target, hint = rng(seed).normal(0, 0.7, (3, 20, 3))
    middle, end = two_bone(root, target, upper, lower, hint)
    np.testing.assert_allclose(np.linalg.norm(middle - root, axis=1), upper, rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(end - middle, axis=1), lower, rtol=1e-6)
    distance = np.linalg.norm(target - root, axis=1)
    reachable = (distance < 0.99 * (upper + lower)) & (distance > 1.1 * abs(upper - lower) + 0.01)
    np.testing.assert_allclose(end[reachable], target[reachable], atol=1e-9)
    axis = (end - root) / np.linalg.norm(end - root, axis=1, keepdims=True)
    out = (middle - root) - np.sum((middle - root) * axis, axis=1, keepdims=True) * axis
    assert (np.sum(out * hint, axis=1) >= -1e-9).all()


@pytest.mark.parametrize("number", range(len(ACTIONS)), ids=NAMES)
def test_bodies_are_rigid_finite_and_above_the_floor(number: int) -> None:
    for key, person in itertools.product(range(4), range(2)):
        people = performance(ACTIONS[number], number, key)
        assert len(people) == (2 if isinstance(ACTIONS[number], Duo) else 1)
        if person == len(people):
            continue
        joints = people[person]
        assert np.isfinite(joints).all()
        lengths = np.stack(
            [np.linalg.norm(joints[:, a] - joints[:, b], axis=1) for a, b in layout("ntu").bones]
        )
        np.testing.assert_allclose(lengths, lengths[:, :1].repeat(len(joints), axis=1), rtol=1e-6)
        assert joints[..., 1].min() > -0.02
        # Nobody flies but in a jump: one foot always bears the weight, and stands still while it does.
        height = joints[:, ANKLES, 1]
        if NAMES[number] != "jump":
            np.testing.assert_allclose(height.min(axis=1), height.min(), atol=1e-6)
        # Nothing is faster than a thrower's hand.
        assert np.linalg.norm(np.diff(joints, axis=0), axis=-1).max() * 30 < 18


def test_a_clip_has_between_the_fewest_and_the_most_frames() -> None:
    for number, key in itertools.product(range(len(ACTIONS)), range(3)):
        assert 40 <= len(performance(ACTIONS[number], key)[0]) <= 90
    assert len(performance(ACTIONS[0], 0, frames=(20, 20))[0]) == 20


# --- meaning


def test_actions_do_what_they_are_called() -> None:
    for key in range(5):
        for name in ("wave", "salute", "brush_hair", "drink", "phone_call", "throw"):
            joints = performance(action(name), key)[0]
            raised = joints[:, WRISTS, 1].max(axis=1)
            assert raised.max() > joints[0, 20, 1] - 0.1, name
            assert raised[-1] < joints[-1, 1, 1], name
        for name, ends in (("sit_down", (1.0, 0.65)), ("stand_up", (0.65, 1.0)), ("pick_up", (1.0, 1.0))):
            joints = performance(action(name), key)[0]
            share = joints[[0, -1], BASE, 1] / joints[:, BASE, 1].max()
            np.testing.assert_allclose(share, ends, atol=0.2, err_msg=name)
        assert performance(action("pick_up"), key)[0][:, HANDS, 1].min() < 0.45
        assert performance(action("jump"), key)[0][:, FEET, 1].min(axis=1).max() > 0.1
        kick = performance(action("kick"), key)[0]
        assert kick[:, ANKLES, 1].max() > 3 * kick[0, ANKLES[0], 1]


def test_hands_meet_where_they_should() -> None:
    for key in range(5):
        for name in ("clap", "rub_hands"):
            joints = performance(action(name), key)[0]
            assert np.linalg.norm(joints[:, 7] - joints[:, 11], axis=1).min() < 0.15, name
        first, second = performance(action("handshake"), key)
        assert np.linalg.norm(first[:, 11] - second[:, 11], axis=1).min() < 0.2
        for name in ("push", "punch"):
            actor, partner = performance(action(name), key)
            gaps = np.linalg.norm(actor[:, HANDS, None] - partner[:, None, (1, 2, 3, 20)], axis=-1)
            assert gaps.min() < 0.4, name


def test_people_face_each_other_at_arms_length() -> None:
    for number, key in itertools.product([n for n, a in enumerate(ACTIONS) if isinstance(a, Duo)], range(3)):
        first, second = performance(ACTIONS[number], key)
        assert 0.5 < np.linalg.norm((first - second)[0, BASE, [0, 2]]) < 1.6
        ahead = (first[0, FEET] - first[0, ANKLES]).mean(axis=0)
        other = (second[0, FEET] - second[0, ANKLES]).mean(axis=0)
        assert ahead @ other < 0 and ahead @ (second - first)[0, BASE] > 0


def test_performers_differ_and_stay_themselves() -> None:
    people = [Performer.sample(rng(key)) for key in range(60)]
    heights = np.array([person.body.height for person in people])
    assert 0.05 < heights.std() < 0.15 and 1.4 < heights.min() < heights.max() < 2.0
    assert 5 < sum(person.left_handed for person in people) < 35
    assert Performer.sample(rng(7)).tempo == people[7].tempo


# --- sensor


def test_the_front_camera_sees_a_person_face_it() -> None:
    joints = Camera(yaw=0.0, tilt=0.0, height=1.2, distance=3.0).view(performance(action("clap"), 1)[0])[0]
    left_to_right = joints[8] - joints[4]
    assert left_to_right[0] > 0.2  # their right hand is on the right of a Kinect's mirrored picture
    assert joints[FEET, 2].mean() < joints[ANKLES, 2].mean()
    assert 2.3 < joints[BASE, 2] < 3.7 and joints[HEAD, 1] > joints[BASE, 1] > joints[FEET[0], 1]
    assert joints[FEET, 1].mean() == pytest.approx(-1.2, abs=0.1)


def test_cameras_see_the_same_performance_from_three_sides() -> None:
    config = SyntheticConfig(
        classes=("handshake",), subjects=2, repeats=1, noise=0, ghosts=0, switches=0, late=0
    )
    clips = [clip.joints for name, clip in generate(config) if name.performer == 1]
    assert len(clips) == 3
    apart = [np.linalg.norm(clip[:, :, None] - clip[:, None], axis=-1) for clip in clips]
    np.testing.assert_allclose(apart[1], apart[0], atol=1e-5)
    np.testing.assert_allclose(apart[2], apart[0], atol=1e-5)
    line = [(clip[0, 8] - clip[0, 4])[[0, 2]] for clip in clips]
    turns = np.rad2deg([np.arctan2(*way) for way in line])
    for number, expected in ((1, 45), (2, -45)):
        turn = (turns[number] - turns[0] + 180) % 360 - 180
        assert abs(turn - expected) < 25 or abs(turn + expected) < 25
    assert abs((turns[1] - turns[2] + 180) % 360 - 180) > 50


def test_noise_is_as_large_as_promised_and_larger_for_hands() -> None:
    true = Camera(yaw=0.0, tilt=0.0, height=1.2, distance=3.0).view(performance(action("bow"), 1)[0])
    error = np.stack([observe([true], 1.0, rng(key))[0][0] - true for key in range(30)])
    spread = np.median(np.abs(error), axis=(0, 1, 3))
    assert 0.003 < spread[BASE] < 0.02 and spread[21] > 2 * spread[BASE]
    exact, state = observe([true], 0.0, rng(0))[0]
    np.testing.assert_array_equal(exact, true)
    assert set(np.unique(state)) <= {1, 2}


def test_lost_joints_freeze_or_jump_and_say_so() -> None:
    true = Camera(yaw=0.0, tilt=0.0, height=1.2, distance=3.0).view(performance(action("clap"), 1)[0])
    states = set()
    for key in range(20):
        seen, state = observe([true], 1.0, rng(key))[0]
        states |= set(np.unique(state))
        for joint in np.flatnonzero((state == 0).any(axis=0)):
            frozen = seen[state[:, joint] == 0, joint]
            assert len(frozen) >= 4 and len(np.unique(frozen, axis=0)) < len(frozen)
    assert states == {0, 1, 2}


def test_cleaning_undoes_what_the_tracker_did() -> None:
    dirty = {"frames": (32, 60), "subjects": 2, "views": 1, "classes": ("wave", "handshake"), "noise": 0.3}
    plain = SyntheticConfig(**dirty, ghosts=0, switches=0, late=0)
    for mistake in ("ghosts", "switches", "late"):
        others = {"ghosts": 0, "switches": 0, "late": 0, mistake: 1.0}
        for (name, clip), (_, before) in zip(
            generate(SyntheticConfig(**dirty, **others)), generate(plain), strict=True
        ):
            people = 2 if name.action == 2 else 1
            joints = clean(clip)
            assert joints.shape[1] == people, (mistake, str(name))
            assert len(np.unique(clip.body)) > people or mistake == "late"
            missing = before.frames - len(joints)
            assert 1 <= missing <= 5 if mistake == "late" else missing == 0
