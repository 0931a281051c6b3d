"""Windows of frames and resizing, against loops over frames and against torch's interpolation."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from einops import rearrange
from hypothesis import given
from hypothesis import strategies as st

from skeleton_data.transforms import FrameBlend, Window, centre_crop, random_crop, resize

shares = st.floats(0.01, 1)


def slow_resize(clip: np.ndarray, start: int, length: int, frames: int) -> np.ndarray:
    """(T, M, V, C) -> (frames, M, V, C), frame by frame in float64; the coordinate is rounded once."""
    out = []
    for frame in range(frames):
        scale = np.float64(np.float32(length) / np.float32(frames))
        position = max(np.float32(scale * (frame + 0.5) - 0.5), np.float32(0))
        low = math.floor(position)
        high = min(low + 1, length - 1)
        weight = float(position) - low
        out.append((1 - weight) * clip[start + low].astype(float) + weight * clip[start + high])
    return np.array(out)


def random_batch(lengths, bodies, joints=3, seed=0):
    """Clips one after the other, as the rows of a store: list of (T, M, V, 3), table, first rows."""
    random = np.random.default_rng(seed)
    clips = [
        random.normal(size=(length, count, joints, 3)).astype(np.float32)
        for length, count in zip(lengths, bodies, strict=True)
    ]
    sizes = [length * count for length, count in zip(lengths, bodies, strict=True)]
    table = np.concatenate([clip.reshape(-1, joints, 3) for clip in clips])
    return clips, torch.from_numpy(table), np.cumsum([0, *sizes[:-1]])


@given(st.integers(1, 2000), shares)
def test_centre_crop(frames, share):
    (start,), (length,) = centre_crop(np.array([frames]), share)
    assert start == int((1 - share) * frames / 2)
    assert length >= 1 and start + length + start == frames


@given(
    st.lists(st.integers(1, 400), min_size=1, max_size=6),
    st.tuples(shares, shares),
    st.integers(0, 100),
    st.data(),
)
def test_random_crop(frames, share, floor, data):
    share = tuple(sorted(share))
    number = st.floats(0, 1, exclude_max=True)
    uniform = [[data.draw(number), data.draw(number)] for _ in frames]
    window = random_crop(np.array(frames), share, np.array(uniform), min_frames=floor)
    for total, (first, second), start, length in zip(frames, uniform, *window, strict=True):
        wanted = math.floor(total * (share[0] + (share[1] - share[0]) * first))
        assert length == min(max(wanted, floor, 1), total)
        assert start == int(second * (total - length + 1)) and start + length <= total


def test_random_crop_reaches_both_ends():
    uniform = np.array([[0.5, 0.0], [0.5, 1 - 2**-53], [0.999, 0.4]])
    window = random_crop(np.array([40, 40, 40]), (0.5, 1.0), uniform)
    assert window.start.tolist() == [0, 10, 0] and window.length.tolist() == [30, 30, 39]


@given(
    st.lists(st.tuples(st.integers(1, 90), st.integers(1, 3)), min_size=1, max_size=5),
    st.integers(1, 64),
    st.integers(1, 3),
    st.data(),
)
def test_blend_of_ragged_clips_is_the_slow_one(shapes, frames, bodies, data):
    lengths, counts = map(np.array, zip(*shapes, strict=True))
    clips, table, first_row = random_batch(lengths, counts)
    start = np.array([data.draw(st.integers(0, length - 1)) for length in lengths])
    length = np.array([data.draw(st.integers(1, left)) for left in lengths - start])
    blend = FrameBlend.linear(
        Window(start, length), frames, first_row=first_row, clip_bodies=counts, bodies=bodies
    )
    joints = blend.joints(table).numpy()
    assert joints.shape == (len(clips), 3, frames, 3, bodies) and joints.dtype == np.float32
    for number, clip in enumerate(clips):
        kept = min(bodies, counts[number])
        slow = slow_resize(clip, start[number], length[number], frames)[:, :kept]
        ours = rearrange(joints[number], "c t v m -> t m v c")
        np.testing.assert_allclose(ours[:, :kept], slow, atol=2e-6)
        assert not ours[:, kept:].any()


@pytest.mark.parametrize("frames", [20, 64, 120])
def test_like_torch_interpolation(frames):
    lengths = np.arange(1, 301)
    walks = torch.randn(1, 3, 300, 4, 1, generator=torch.Generator().manual_seed(0)).mul(0.02).cumsum(2)
    joints = walks.expand(len(lengths), -1, -1, -1, -1)
    ours = resize(joints, Window(np.zeros(300, np.int64), lengths), frames)
    for number, length in enumerate(lengths):
        flat = rearrange(walks[:, :, :length], "n c t v m -> n (c v m) t")
        theirs = F.interpolate(flat, size=frames, mode="linear", align_corners=False)
        torch.testing.assert_close(
            ours[number].flatten(1), theirs.view(3, 4, frames).mT.flatten(1), atol=1e-5, rtol=0
        )


def test_coordinate_is_rounded_after_a_fused_multiply_add():
    joints = torch.tensor([0.0, 1.0]).view(1, 1, 2, 1, 1)  # between these two, the value is the coordinate
    ours = resize(joints, Window(np.array([0]), np.array([2])), 120).flatten().numpy()
    scale, frame = np.float32(2) / np.float32(120), np.arange(120) + 0.5
    fused = (float(scale) * frame - 0.5).astype(np.float32)
    stepwise = scale * frame.astype(np.float32) - np.float32(0.5)
    np.testing.assert_array_equal(ours, fused.clip(0, 1))
    assert (stepwise.clip(0, 1) != ours).any()


@given(st.integers(1, 30))
def test_same_length_is_the_identity(frames):
    joints = torch.randn(2, 3, frames, 4, 2)
    window = Window(np.zeros(2, np.int64), np.full(2, frames))
    assert torch.equal(resize(joints, window, frames), joints)


def test_one_frame_is_repeated():
    joints = torch.randn(1, 3, 1, 4, 2)
    resized = resize(joints, Window(np.array([0]), np.array([1])), 5)
    torch.testing.assert_close(resized, joints.expand(-1, -1, 5, -1, -1))


def test_resize_keeps_float64():
    joints = torch.randn(2, 3, 9, 4, 2, dtype=torch.float64)
    assert resize(joints, Window(np.array([0, 3]), np.array([9, 4])), 20).dtype == torch.float64


def test_pieces_do_not_matter(monkeypatch):
    lengths, counts = np.array([30, 7, 12, 50, 3]), np.array([1, 2, 1, 2, 2])
    _, table, first_row = random_batch(lengths, counts)
    window = Window(np.zeros(5, np.int64), lengths)
    blend = FrameBlend.linear(window, 20, first_row=first_row, clip_bodies=counts, bodies=2)
    turn = torch.randn(5, 3, 3)
    whole = blend.joints(table), blend.joints(table, turn)
    monkeypatch.setattr("skeleton_data.transforms.interpolation._CACHED_NUMBERS", 3 * 20 * 3 * 2)
    torch.testing.assert_close((blend.joints(table), blend.joints(table, turn)), whole)


def test_presence_is_the_share_of_frames_with_the_body():
    table = torch.ones(4, 3, 3)
    table[2:] = 0  # gone after two of four frames
    window = Window(np.array([0]), np.array([4]))
    blend = FrameBlend.linear(window, 8, first_row=np.array([0]), clip_bodies=np.array([1]), bodies=2)
    presence = blend.presence(table)
    torch.testing.assert_close(presence[0, :, 0], torch.tensor([1, 1, 1, 0.75, 0.25, 0, 0, 0]))
    assert not presence[0, :, 1].any()
