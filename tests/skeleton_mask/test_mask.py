"""The mask: places, packing and unpacking, and what it refuses."""

import dataclasses

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skeleton_mask import Mask, joint_only


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    clips, frames, joints = draw(st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 7)))
    count = draw(st.integers(1, frames * joints))
    seed = draw(st.integers(0, 2**31))
    noise = torch.rand(clips, frames * joints, generator=torch.Generator().manual_seed(seed))
    return Mask((noise.argsort(1).argsort(1) < count).reshape(clips, frames, joints))


def test_a_wrong_number_of_visible_places_is_refused() -> None:
    visible = joint_only((2, 4, 10), 3, generator=torch.Generator()).visible
    assert Mask(visible, 28).visible_per_clip == Mask(visible).visible_per_clip == 28
    with pytest.raises(ValueError, match="visible_per_clip is 20, but visible marks 28"):
        Mask(visible, 20)
    uneven = visible.clone()
    uneven[0] = False
    uneven[0, 0] = True  # 10 and 28, together two clips of 19
    with pytest.raises(ValueError, match="got 10 to 28"):
        Mask(uneven, 19)


@given(masks())
def test_equals_loops(mask: Mask) -> None:
    clips, frames, joints = mask.shape
    tokens = torch.randn(clips, frames, joints, 2, dtype=torch.float64)
    packed = mask.gather(tokens)
    rebuilt = mask.scatter(packed, fill=7.0)
    for n in range(clips):
        places = [(t, v) for t in range(frames) for v in range(joints) if mask.visible[n, t, v]]
        assert mask.indices[n].tolist() == [t * joints + v for t, v in places]
        assert len(places) == mask.visible_per_clip == frames * joints - mask.masked_per_clip
        for slot, (t, v) in enumerate(places):
            assert torch.equal(packed[n, slot], tokens[n, t, v])
        for t in range(frames):
            assert mask.frames[n, t] == any((t, v) in places for v in range(joints))
            for v in range(joints):
                expected = tokens[n, t, v] if (t, v) in places else torch.full((2,), 7.0)
                assert torch.equal(rebuilt[n, t, v], expected)
        for v in range(joints):
            assert mask.joints[n, v] == any((t, v) in places for t in range(frames))
    assert torch.equal(mask.masked, ~mask.visible)


def test_hidden_values_do_not_pass() -> None:
    mask = joint_only((3, 4, 5), 0.5, generator=torch.Generator().manual_seed(0))
    tokens = torch.randn(3, 4, 5, 2).masked_fill(mask.masked[..., None], float("nan"))
    assert mask.gather(tokens).isfinite().all()
    assert mask.scatter(mask.gather(tokens)).isfinite().all()


def test_gradients_reach_tokens_and_mask_token() -> None:
    mask = joint_only((2, 3, 4), 0.5, generator=torch.Generator().manual_seed(0))
    tokens = torch.randn(2, 3, 4, 5, dtype=torch.float64, requires_grad=True)
    token = torch.randn(5, dtype=torch.float64, requires_grad=True)
    torch.autograd.gradcheck(lambda x, fill: mask.scatter(mask.gather(x).sin(), fill), (tokens, token))


@pytest.mark.parametrize("shape", [(5,), (4, 5), (3, 4, 5), (2, 3, 4, 5)])
def test_fill_expands(shape: tuple[int, ...]) -> None:
    mask = joint_only((2, 3, 4), 0.5, generator=torch.Generator().manual_seed(0))
    fill = torch.randn(shape)
    rebuilt = mask.scatter(torch.zeros(2, mask.visible_per_clip, 5), fill)
    expected = torch.where(mask.visible[..., None], 0.0, fill.expand(2, 3, 4, 5))
    assert torch.equal(rebuilt, expected)


def test_scatter_keeps_the_type_of_the_tokens() -> None:
    mask = joint_only((2, 3, 4), 0.5, generator=torch.Generator().manual_seed(0))
    tokens = torch.zeros(2, mask.visible_per_clip, 5, dtype=torch.bfloat16)
    assert mask.scatter(tokens, fill=torch.ones(5)).dtype == torch.bfloat16


def test_to_another_device_keeps_the_count() -> None:
    mask = joint_only((2, 3, 4), 0.5, generator=torch.Generator().manual_seed(0)).to("meta")
    assert mask.visible.device.type == "meta"
    assert mask.visible_per_clip == 6
    assert mask.gather(torch.empty(2, 3, 4, 5, device="meta")).shape == (2, 6, 5)


def test_is_frozen() -> None:
    mask = Mask(torch.ones(1, 2, 3, dtype=torch.bool))
    with pytest.raises(dataclasses.FrozenInstanceError):
        mask.visible_per_clip = 3  # type: ignore[misc]


def test_refuses_what_is_no_mask() -> None:
    with pytest.raises(
        ValueError, match=r"bool tensor \(clips, frames, joints\), got float32 of shape \(1, 2, 3\)"
    ):
        Mask(torch.ones(1, 2, 3))
    with pytest.raises(ValueError, match=r"got bool of shape \(2, 3\)"):
        Mask(torch.ones(2, 3, dtype=torch.bool))
    with pytest.raises(ValueError, match="got a mask that hides all"):
        Mask(torch.zeros(2, 2, 3, dtype=torch.bool))
    uneven = torch.ones(2, 2, 3, dtype=torch.bool)
    uneven[1, 0, 0] = False
    with pytest.raises(ValueError, match="in every clip, got 5 to 6"):
        Mask(uneven)
    with pytest.raises(ValueError, match=r"a clip, a frame and a joint, got \(0, 2, 3\)"):
        Mask(torch.ones(0, 2, 3, dtype=torch.bool))


def test_refuses_tokens_of_another_shape() -> None:
    mask = Mask(torch.ones(2, 3, 4, dtype=torch.bool))
    with pytest.raises(ValueError, match=r"\(2, 3, 4, 'C'\) for this mask, got \(2, 3, 5, 1\)"):
        mask.gather(torch.zeros(2, 3, 5, 1))
    with pytest.raises(ValueError, match=r"\(2, 12, 'C'\) for this mask, got \(2, 11, 1\)"):
        mask.scatter(torch.zeros(2, 11, 1))
