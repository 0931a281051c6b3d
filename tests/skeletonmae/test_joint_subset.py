"""Joints of several skeletons in one encoder: absent ones are never seen and never a target."""

import pytest
import torch
from einops import rearrange
from torch import nn

from skeleton_mask import Mask
from skeletonmae import SkeletonMAE, SkeletonMAEConfig, Transformer, TransformerConfig

COUNT, PLACES, FRAMES = 7, (5, 0, 2, 6), 8
STTFORMER = {"tuple_frames": 2, "width": 8, "blocks": [(8, 2), (12, 3)], "heads": 2}
TRANSFORMER = {"kind": "transformer", "frames": FRAMES, "token_frames": 2, "width": 8, "depth": 1, "heads": 2}
ENCODERS = pytest.mark.parametrize("encoder", [STTFORMER, TRANSFORMER], ids=["sttformer", "transformer"])


class ShowOnly:
    """A mask that shows the tokens that it is given, in each body."""

    def __init__(self, visible):
        self.visible = visible

    def sample(self, shape, generator, joints_xyz):
        return Mask(self.visible.expand(shape))


def make_model(encoder, joints=COUNT, mask=None, **target):
    torch.manual_seed(0)
    config = SkeletonMAEConfig(
        encoder={**encoder, "joints": joints},
        decoder={"width": 10, "depth": 1, "heads": 2, "qk_channels": 3, "tuple_frames": 2},
        target=target,
        missing="mask",
    )
    return SkeletonMAE(config, mask=mask).double()


def make_clips(seed=0):
    """Clips (4, 3, T, 4, 2); the second body of one of them is absent."""
    draws = torch.Generator().manual_seed(seed)
    clips = torch.randn(4, 3, FRAMES, len(PLACES), 2, dtype=torch.float64, generator=draws)
    clips[1, ..., 1] = 0
    return clips


def at_places(clips, absent=torch.nan):
    """The same clips among all joints, and which are there."""
    whole = torch.full((*clips.shape[:3], COUNT, 2), absent, dtype=torch.float64)
    whole[:, :, :, list(PLACES)] = clips
    whole[1, ..., 1] = 0
    there = torch.zeros(4, FRAMES, COUNT, 2, dtype=torch.bool)
    there[:, :, list(PLACES)] = (clips != 0).any(1)
    return whole, there


@ENCODERS
@pytest.mark.parametrize("target", [{}, {"kind": "motion", "standardise": "body"}])
def test_absent_joints_stay_out_of_loss_gradients_and_outputs(encoder, target):
    model, seen = make_model(encoder, **target), []
    for absent in (torch.nan, 0.0, 100.0):
        clips, there = at_places(make_clips(), absent)
        output = model(clips, generator=torch.arange(4), present=there)
        model.zero_grad()
        output.loss.backward()
        seen.append([output.loss, output.prediction, *[weights.grad for weights in model.parameters()]])
        lacking = [joint for joint in range(COUNT) if joint not in PLACES]
        assert not output.visible[:, :, lacking].any() and not output.measured[:, :, lacking].any()
    for other in seen[1:]:
        torch.testing.assert_close(other, seen[0], rtol=0, atol=0)
    assert all(each.isfinite().all() for each in seen[0])


@ENCODERS
def test_target_and_tokens_are_those_of_the_small_skeleton(encoder):
    places, frames = list(PLACES), FRAMES // encoder.get("token_frames", 1)
    visible = torch.rand(1, frames, len(PLACES), generator=torch.Generator().manual_seed(2)) < 0.5
    shown = torch.zeros(1, frames, COUNT, dtype=torch.bool).index_copy(2, torch.tensor(places), visible)
    target = {"kind": "motion", "standardise": "body"}
    whole = make_model(encoder, mask=ShowOnly(shown), **target)
    small = make_model(encoder, joints=len(PLACES), mask=ShowOnly(visible), **target)
    clips = make_clips()
    large, there = at_places(clips)
    generator = torch.Generator()
    direct = small(clips, generator=generator, present=there[:, :, places])
    common = whole(large, generator=generator, present=there)
    torch.testing.assert_close(common.target[:, :, places], direct.target)
    assert torch.equal(common.visible[:, :, places], direct.visible)
    torch.testing.assert_close(common.bodies[:, :, places], direct.bodies)


def test_a_joint_that_the_sensor_lacks_is_not_shown_where_others_are_too_few():
    visible = torch.zeros(1, FRAMES, COUNT, dtype=torch.bool)
    visible[:, :, :3] = True
    model = make_model(STTFORMER, mask=ShowOnly(visible))
    clips, there = at_places(make_clips())
    there[0, 1:] = False  # one frame was measured: others are held, and the joints of this sensor alone
    output = model(clips, generator=torch.arange(4), present=there)
    lacking = [joint for joint in range(COUNT) if joint not in PLACES]
    assert not output.visible[:, :, lacking].any() and output.loss.isfinite()


def test_a_transformer_has_the_features_of_its_places():
    config = TransformerConfig(**TRANSFORMER, joints=COUNT)
    own = {"joints": len(PLACES), "joint_indices": PLACES, "joint_count": COUNT}
    torch.manual_seed(0)
    whole, few = (Transformer(each).double() for each in (config, config.model_copy(update=own)))
    for parameter in whole.parameters():
        nn.init.normal_(parameter, std=0.5)
    few.load_state_dict(whole.state_dict())
    clips = make_clips()[..., :1]
    large, there = at_places(make_clips())
    bodies = rearrange(large[..., 0], "n c t v -> n t v c")
    tokens = there[..., 0].view(4, FRAMES // 2, 2, COUNT).all(2)
    rows = whole.encode_visible(bodies, tokens)
    expected = rearrange(rows, "(n t v) c -> n c t v 1", n=4, v=len(PLACES))
    found = few.forward_features(clips)[:, :, :, torch.tensor(PLACES).argsort()]
    torch.testing.assert_close(found, expected)
    shown = torch.ones(4, FRAMES // 2, len(PLACES), dtype=torch.bool)
    few_rows = few.encode_visible(rearrange(clips, "n c t v 1 -> n t v c"), shown)
    torch.testing.assert_close(few_rows, rearrange(few.forward_features(clips), "n c t v 1 -> (n t v) c"))
