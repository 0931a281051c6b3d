"""Cleaning equals the reference on its difficult recordings, and its rules one by one on made ones."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skeleton_data.cleaning import clean, move_origin, select_bodies
from skeleton_data.errors import DataError
from skeleton_data.ntu import RawClip, read_skeleton


def test_reference_recordings(shared: Path) -> None:
    cases = json.loads((shared / "golden" / "raw_cases.json").read_text())
    golden = np.load(shared / "golden" / "raw_golden.npz", allow_pickle=False)
    assert len(cases) == 11
    for name in cases:
        raw = read_skeleton(shared / "golden" / "raw_ntu" / f"{name}.skeleton")
        selected = select_bodies(raw)
        denoised, translated = golden[f"denoised/{name}"], golden[f"translated/{name}"]
        np.testing.assert_array_equal(selected.reshape(len(selected), -1), denoised, err_msg=name)
        moved = move_origin(selected, centre=1)
        np.testing.assert_array_equal(moved.reshape(len(moved), -1), translated, err_msg=name)
        cleaned = clean(raw)
        assert cleaned.dtype == np.float32
        np.testing.assert_array_equal(cleaned, moved[:, : cleaned.shape[1]])
        assert not moved[:, cleaned.shape[1] :].any()
        assert cleaned.any(axis=(0, 2, 3)).all()


def body(frames: int, seed: int, *, motion: float = 0.1, width: float = 0.5) -> np.ndarray:
    """(frames, 25, 3): a body that is upright unless wide, and moves as much as asked."""
    generator = np.random.default_rng(seed)
    pose = generator.uniform([-width / 2, -1, 2.9], [width / 2, 1, 3.1], size=(25, 3))
    pose[:2, :2] = [[-width / 2, -1], [width / 2, 1]]
    way = np.cumsum(generator.normal(0, motion, size=(frames, 1, 1)), axis=0)
    return (pose + way).astype(np.float32)


def raw(frames: int, *seen: tuple[int, np.ndarray, np.ndarray]) -> RawClip:
    """A recording of bodies, each with its id, the frames it is seen in and its joints there."""
    frame = np.concatenate([at for _, at, _ in seen])
    order = np.argsort(frame, kind="stable")
    ids = np.concatenate([np.full(len(at), number, dtype=np.int64) for number, at, _ in seen])
    joints = np.concatenate([joints for _, _, joints in seen])
    return RawClip(frames, frame[order], ids[order], joints[order])


def test_one_body_is_taken_as_it_is_without_empty_frames() -> None:
    joints = body(3, 0)
    clip = raw(9, (5, np.array([2, 3, 7]), joints))
    np.testing.assert_array_equal(select_bodies(clip), joints[:, None])
    np.testing.assert_array_equal(clean(clip), joints[:, None] - joints[0, 1])


@pytest.mark.parametrize(("frames", "bodies"), [(11, 1), (12, 2)])
def test_short_bodies_are_dropped(frames: int, bodies: int) -> None:
    clip = raw(30, (1, np.arange(30), body(30, 0)), (2, np.arange(frames), body(frames, 1)))
    assert select_bodies(clip).shape == (30, bodies, 25, 3)


@pytest.mark.parametrize(("noisy", "bodies"), [(70, 1), (69, 2)])
def test_bodies_with_many_wide_frames_are_dropped(noisy: int, bodies: int) -> None:
    """69.754 % of 100 frames lies between 69 and 70."""
    ghost = body(100, 1)
    ghost[:noisy, 1, 0] = ghost[:noisy, 0, 0] + 3
    clip = raw(100, (1, np.arange(100), body(100, 0)), (2, np.arange(100), ghost))
    assert select_bodies(clip).shape[1] == bodies


def test_the_last_body_left_is_never_a_ghost() -> None:
    lying = [body(20, seed, width=3) for seed in range(3)]
    clip = raw(20, *[(number, np.arange(20), joints) for number, joints in enumerate(lying)])
    np.testing.assert_array_equal(select_bodies(clip)[:, 0], lying[2])


def test_actors_come_in_the_order_of_their_motion() -> None:
    calm, lively = body(30, 0, motion=0.01), body(30, 1, motion=0.5)
    clip = raw(30, (1, np.arange(30), calm), (2, np.arange(30), lively))
    np.testing.assert_array_equal(select_bodies(clip), np.stack([lively, calm], axis=1))


def test_a_new_id_after_the_old_one_is_the_same_actor() -> None:
    first, second = body(20, 0, motion=0.5), body(12, 1)
    clip = raw(40, (1, np.arange(20), first), (2, np.arange(25, 37), second))
    np.testing.assert_array_equal(clean(clip)[:, 0], np.concatenate([first, second]) - first[0, 1])
    assert clean(clip).shape == (32, 1, 25, 3)


def test_a_third_body_beside_two_is_dropped() -> None:
    bodies = [body(20, seed, motion=1 / (1 + seed)) for seed in range(3)]
    clip = raw(20, *[(number, np.arange(20), joints) for number, joints in enumerate(bodies)])
    expected = sorted(bodies, key=lambda joints: -joints.reshape(-1, 3).var(axis=0).sum())[:2]
    np.testing.assert_array_equal(select_bodies(clip), np.stack(expected, axis=1))


def test_an_absent_body_stays_zero() -> None:
    clip = raw(40, (1, np.arange(40), body(40, 0)), (2, np.arange(12, 30), body(18, 1, motion=0.01)))
    joints = clean(clip)
    present = joints.any(axis=(2, 3))
    assert present[:, 0].all()
    assert np.flatnonzero(present[:, 1]).tolist() == list(range(12, 30))


@given(seed=st.integers(0, 10**6), shift=st.integers(1, 10**15))
def test_ids_are_only_names_and_the_place_does_not_matter(seed: int, shift: int) -> None:
    generator = np.random.default_rng(seed)
    seen = []
    for number in range(generator.integers(1, 4)):
        at = np.flatnonzero(generator.random(40) < generator.uniform(0.3, 1))
        seen.append((number, at, body(len(at), seed + number, motion=generator.uniform(0.01, 0.5))))
    clip = raw(40, *seen)
    joints = select_bodies(clip)
    other = RawClip(clip.frames, clip.frame, clip.body + shift, clip.joints)
    np.testing.assert_array_equal(select_bodies(other), joints)
    moved = move_origin(joints, centre=1)
    first = joints[:, 0].any(axis=(1, 2)).argmax()
    np.testing.assert_array_equal(moved[first, 0, 1], 0)
    assert moved.shape == joints.shape
    np.testing.assert_array_equal(joints.any(axis=(1, 2, 3)), True)


def test_nobody_left() -> None:
    clip = raw(30, (1, np.arange(5), body(5, 0)), (2, np.arange(5, 12), body(7, 1)))
    with pytest.raises(DataError, match="none of its 2 bodies is seen in at least 12 frames"):
        clean(clip)
    with pytest.raises(DataError, match="all joints of the first body are zero in every frame"):
        clean(raw(3, (1, np.arange(3), np.zeros((3, 25, 3), np.float32))))


def test_a_body_that_is_twice_in_every_frame() -> None:
    twice = raw(20, (1, np.arange(20), body(20, 0)), (1, np.arange(20), body(20, 1)))
    with pytest.raises(DataError, match="a body is in more than 20 frames"):
        clean(twice)
