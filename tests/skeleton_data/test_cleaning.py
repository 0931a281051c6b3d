"""Cleaning equals the reference on its difficult recordings, and its rules one by one on made ones."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusal import refusal

from skeleton_data.layouts.layout import layout
from skeleton_data.ntu.cleaning import clean, move_origin, select_bodies
from skeleton_data.ntu.contrast_clip import aligned, first_bodies
from skeleton_data.ntu.recording import RawClip, read_skeleton


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
    with refusal("none of its 2 bodies is seen in at least 12 frames"):
        clean(clip)
    with refusal("all joints of all bodies are zero in every frame"):
        clean(raw(3, (1, np.arange(3), np.zeros((3, 25, 3), np.float32))))


def test_a_body_that_is_twice_in_every_frame() -> None:
    twice = raw(20, (1, np.arange(20), body(20, 0)), (1, np.arange(20), body(20, 1)))
    with refusal("20 that have a body"):
        clean(twice)


# ----------------------------------------------------------------------------------------------------------
# Time that is kept
# ----------------------------------------------------------------------------------------------------------


def test_true_frames_of_reference_recordings(shared: Path) -> None:
    """Where nobody is lost, the two modes agree; elsewhere each frame stays where it was seen."""
    lost = {
        "S003C001P013R001A060": "an id before that of actor 2, which the reference drops",
        "S003C002P014R001A009": "empty frames at the start, in the middle and at the end",
        "S004C001P016R001A010": "body 1 leaves and comes back after a gap",
    }
    for file in sorted((shared / "golden" / "raw_ntu").glob("*.skeleton")):
        raw = read_skeleton(file)
        reference, true = select_bodies(raw), select_bodies(raw, true_frames=True)
        if file.stem not in lost:
            np.testing.assert_array_equal(true, reference, err_msg=file.stem)
            continue
        assert true.shape[1:] == reference.shape[1:]
        first = raw.frame.min()
        for frame, joints in enumerate(true):
            seen = raw.joints[raw.frame == frame + first]
            for person in joints:
                assert not person.any() or any((person == other).all() for other in seen)
        # Nothing that the reference keeps is lost.
        assert true.any(axis=(2, 3)).sum() >= reference.any(axis=(2, 3)).sum()


def test_true_frames_keep_gaps() -> None:
    """The second person is away for ten frames; the reference moves what follows ten frames ahead."""
    lively, calm = body(40, 0, motion=0.5), body(24, 1, motion=0.01)
    at = np.r_[0:12, 22:34]
    clip = raw(40, (1, np.arange(40), lively), (2, at, calm))
    np.testing.assert_array_equal(np.flatnonzero(select_bodies(clip)[:, 1].any(axis=(1, 2))), np.arange(24))
    true = select_bodies(clip, true_frames=True)
    np.testing.assert_array_equal(true[:, 0], lively)
    np.testing.assert_array_equal(np.flatnonzero(true[:, 1].any(axis=(1, 2))), at)
    np.testing.assert_array_equal(true[at, 1], calm)


def test_true_frames_keep_pauses_without_anyone() -> None:
    joints = body(20, 0)
    at = np.r_[3:13, 18:28]
    clip = raw(40, (1, at, joints))
    true = clean(clip, "true_frames")
    assert true.shape == (25, 1, 25, 3)
    np.testing.assert_array_equal(true[at - 3, 0], joints - joints[0, 1])
    assert not true[10:15].any()


def test_true_frames_join_bodies_that_share_no_frame() -> None:
    """A second id in the gaps of the first is the same actor; the reference sees them overlap in time."""
    first, second = body(30, 0, motion=0.5), body(14, 1)
    gap = np.arange(20, 34)
    clip = raw(50, (1, np.r_[0:20, 34:44], first), (2, gap, second))
    true = select_bodies(clip, true_frames=True)
    assert true[:, 0].any(axis=(1, 2)).all() and not true[:, 1].any()
    np.testing.assert_array_equal(true[gap, 0], second)
    assert clean(clip, "true_frames").shape == (44, 1, 25, 3)


def test_true_frames_refuse_a_body_that_is_twice_in_a_frame() -> None:
    twice = raw(20, (1, np.arange(20), body(20, 0)), (1, np.arange(5, 6), body(1, 1)))
    with refusal("a body is twice in frame 5"):
        clean(twice, "true_frames")


# ----------------------------------------------------------------------------------------------------------
# As CrosSCLR and AimCLR prepare
# ----------------------------------------------------------------------------------------------------------


def aligned_slowly(joints: np.ndarray, frames: int) -> np.ndarray:
    """One body after the other, one frame after the other."""
    length = sum(bool(frame[0].any()) for frame in joints)
    result = np.zeros((frames, *joints.shape[1:]))
    for number in range(joints.shape[1]):
        centred = [frame[number] - frame[number, 20] for frame in joints[:length]]
        for frame in range(frames):
            place = min(max((frame + 0.5) * length / frames - 0.5, 0), length - 1)
            low, high = int(np.floor(place)), min(int(np.floor(place)) + 1, length - 1)
            result[frame, number] = (1 - (place - low)) * centred[low] + (place - low) * centred[high]
        shoulders = result[:, number, 8] - result[:, number, 4]
        sign = -1 if shoulders[:, 2].sum() >= 0 else 1
        for frame in range(frames):
            x, _, z = shoulders[frame]
            angle = sign * np.arccos(x / (np.sqrt(x * x + z * z) + 1e-4))
            turn = [[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]]
            result[frame, number] = result[frame, number] @ np.array(turn).T
    return result


@pytest.mark.parametrize(("frames", "bodies"), [(80, 1), (31, 2), (1, 2), (50, 2)])
def test_contrast_preparation(frames: int, bodies: int) -> None:
    joints = np.random.default_rng(frames).normal(size=(frames, bodies, 25, 3)).astype(np.float32)
    joints[frames // 2 :, 1:] = 0
    result = aligned(joints, layout("ntu"))
    assert result.shape == (50, bodies, 25, 3) and result.dtype == np.float32
    np.testing.assert_allclose(result, aligned_slowly(joints, 50), atol=2e-5)
    np.testing.assert_array_equal(result[:, :, 20], 0)


def test_contrast_turns_shoulders_along_x() -> None:
    """A body that always faces one way, however it is turned, has its shoulders along x afterwards."""
    pose = body(1, 0)[0]
    turns = np.linspace(0.2, 2.9, 40)
    joints = np.repeat(pose[None, None], 40, axis=0)
    x, z = pose[:, 0].copy(), pose[:, 2].copy()
    joints[:, 0, :, 0] = np.outer(np.cos(turns), x) + np.outer(np.sin(turns), z)
    joints[:, 0, :, 2] = np.outer(np.cos(turns), z) - np.outer(np.sin(turns), x)
    joints[:, 0, 8] = joints[:, 0, 4] + np.stack([np.cos(turns), 0 * turns, np.sin(turns)], axis=1)
    across = aligned(joints.astype(np.float32), layout("ntu"), frames=40)
    across = across[:, 0, 8] - across[:, 0, 4]
    np.testing.assert_allclose(across[:, 0], np.hypot(across[:, 0], across[:, 2]), rtol=1e-3)


def test_contrast_takes_the_first_two_bodies_of_each_frame() -> None:
    bodies = [body(6, seed) for seed in range(3)]
    clip = raw(8, (1, np.arange(6), bodies[0]), (2, np.arange(2, 8), bodies[1]), (3, np.arange(6), bodies[2]))
    joints = first_bodies(clip)
    assert joints.shape == (8, 2, 25, 3)
    np.testing.assert_array_equal(joints[:6, 0], bodies[0])
    np.testing.assert_array_equal(joints[:2, 1], bodies[2][:2])
    np.testing.assert_array_equal(joints[2:6, 1], bodies[1][:4])
    np.testing.assert_array_equal(joints[6:, 0], bodies[1][4:])
    assert clean(clip, "contrast").shape == (50, 2, 25, 3)
    with refusal("the first body is absent in every frame"):
        aligned(np.zeros((3, 1, 25, 3), np.float32), layout("ntu"))


@pytest.mark.parametrize("layout_name", ["kinect_v1", "coco17"])
def test_contrast_on_other_layouts(layout_name: str) -> None:
    skeleton = layout(layout_name)
    clip = np.random.default_rng(0).normal(size=(9, 1, len(skeleton.joints), 3)).astype(np.float32)
    assert aligned(clip, skeleton).shape == (50, 1, len(skeleton.joints), 3)
