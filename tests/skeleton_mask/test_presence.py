"""Masks of clips with missing joints: as many places are visible as before, and of those that are there."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skeleton_mask import Mask, clip_seeds, frame_only, joint_only, show_present, spatial_temporal

SHAPE = (3, 6, 5)


def some(share: float, seed: int) -> torch.Tensor:
    return torch.rand(SHAPE, generator=torch.Generator().manual_seed(seed)) < share


@given(share=st.floats(0, 1), ratio=st.floats(0, 0.95), seed=st.integers(0, 2**40), seeded=st.booleans())
def test_nothing_missing_is_visible_while_enough_is_there(
    share: float, ratio: float, seed: int, seeded: bool
) -> None:
    present = some(share, seed)
    seeds = clip_seeds(seed, 0, torch.arange(3))
    before = spatial_temporal(SHAPE, ratio, ratio, generator=seeds)
    source = seeds if seeded else torch.Generator().manual_seed(seed)
    after = show_present(before, present, generator=source)
    assert after.visible.sum((1, 2)).tolist() == [before.visible_per_clip] * 3
    there = present.sum((1, 2))
    missing_visible = (after.visible & ~present).sum((1, 2))
    assert torch.equal(missing_visible, (before.visible_per_clip - there).clamp(min=0))
    kept = before.visible & present
    assert torch.equal(after.visible & kept, kept), "what was visible and is there stays visible"


@given(seed=st.integers(0, 2**40))
def test_the_exchange_stays_in_the_frame_and_then_in_the_visible_frames(seed: int) -> None:
    present = some(0.7, seed)
    source = clip_seeds(seed, 0, torch.arange(3))
    before = joint_only(SHAPE, 0.6, generator=source)  # 2 of 5 joints
    after = show_present(before, present, generator=source).visible.sum(2)
    enough = present.sum(2) >= 2
    assert (after[enough] >= 2).all()
    assert (after[enough.all(1)] == 2).all()
    frames = frame_only(SHAPE, 0.5, generator=source)
    one_lost = torch.ones(SHAPE, dtype=torch.bool)
    one_lost[:, frames.visible[0].any(1).nonzero()[0, 0], 0] = False
    hidden = show_present(frames, one_lost, generator=source)
    assert (hidden.visible & ~one_lost).sum() == 0


def test_a_clip_in_which_nothing_is_missing_keeps_its_mask() -> None:
    mask = spatial_temporal(SHAPE, 0.5, 0.5, generator=torch.Generator().manual_seed(0))
    everything = torch.ones(SHAPE, dtype=torch.bool)
    assert torch.equal(show_present(mask, everything, generator=torch.Generator()).visible, mask.visible)


def test_which_places_come_is_drawn_evenly() -> None:
    """One visible place is lost; each of the four others of its frame comes as often as the next."""
    clips = 4000
    visible = torch.zeros(clips, 1, 5, dtype=torch.bool)
    visible[:, 0, 2] = True
    seeds = clip_seeds(0, 0, torch.arange(clips))
    shown = show_present(Mask(visible), ~visible, generator=seeds).visible.float().mean(0)[0]
    assert shown[2] == 0
    torch.testing.assert_close(shown[[0, 1, 3, 4]], torch.full((4,), 0.25), atol=0.03, rtol=0)


@pytest.mark.parametrize("present", [torch.ones(3, 6, 4, dtype=torch.bool), torch.ones(SHAPE)])
def test_presence_of_another_shape_or_kind_is_refused(present: torch.Tensor) -> None:
    mask = joint_only(SHAPE, 0.6, generator=torch.Generator())
    with pytest.raises(ValueError, match="present"):
        show_present(mask, present, generator=torch.Generator())
