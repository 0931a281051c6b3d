"""Joints at their places in a larger skeleton, against the masked encoder of that skeleton."""

import pytest
import torch
from einops import rearrange
from pydantic import ValidationError

from sttformer import FoldedSTTFormer, STTFormer, STTFormerConfig

COUNT, PLACES, FRAMES = 7, (5, 0, 2, 6), 6
WHOLE = STTFormerConfig(joints=COUNT, tuple_frames=2, width=6, blocks=[(6, 2), (8, 3)], heads=2)


def placed(places=PLACES, **changes):
    own = {"joints": len(places), "joint_indices": places, "joint_count": COUNT}
    return STTFormerConfig(**{**WHOLE.model_dump(), **own, **changes})


def build(config):
    """A network whose weights depend on the seed alone: those of all configs of this file have one shape."""
    torch.manual_seed(0)
    model = STTFormer(config).double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return model


def make_bodies(joints=4):
    draws = torch.Generator().manual_seed(0)
    return torch.randn(3, FRAMES, joints, 3, dtype=torch.float64, generator=draws)


def as_masked(bodies, places=PLACES):
    """Bodies of all joints, NaN where there is none, and which are visible."""
    whole = torch.full((*bodies.shape[:2], COUNT, 3), torch.nan, dtype=torch.float64)
    whole[:, :, list(places)] = bodies
    return whole, whole.isfinite().all(-1)


def rows_of(model, bodies):
    features = model.forward_features(rearrange(bodies, "b t v c -> b c t v 1"))
    return rearrange(features, "b c t v 1 -> b t v c")


@pytest.mark.parametrize("training", [False, True])
def test_joints_have_the_features_and_gradients_of_their_places_where_others_are_masked(training):
    whole, few = (build(config).train(training) for config in (WHOLE, placed()))
    bodies = make_bodies()
    expected = whole.encode_visible(*as_masked(bodies))
    expected = rearrange(expected, "(b t v) c -> b t v c", t=FRAMES, v=len(PLACES))
    found = rows_of(few, bodies)[:, :, torch.tensor(PLACES).argsort()]
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-10)
    expected.square().mean().backward()
    found.square().mean().backward()
    for one, other in zip(whole.parameters(), few.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-7, atol=1e-9)
    for one, other in zip(whole.state_dict().values(), few.state_dict().values(), strict=True):
        torch.testing.assert_close(one, other)  # statistics of BatchNorm, too


def test_all_places_in_order_are_the_plain_model():
    bodies = make_bodies(COUNT)
    torch.testing.assert_close(
        rows_of(build(placed(tuple(range(COUNT)))), bodies), rows_of(build(WHOLE), bodies)
    )


@pytest.mark.parametrize("pool", ["mean", "by_joint"])
def test_the_order_of_joints_is_no_matter(pool):
    order, clips = [2, 0, 3, 1], rearrange(make_bodies(), "b t v c -> b c t v 1")
    one = build(placed(pool=pool)).eval()(clips)
    other = build(placed(tuple(PLACES[joint] for joint in order), pool=pool)).eval()(clips[:, :, :, order])
    if pool == "by_joint":
        one, other = (rearrange(each, "n (v c) -> n v c", v=len(PLACES)) for each in (one, other))
        one = one[:, order]
    torch.testing.assert_close(one, other)


def test_visible_tokens_come_in_the_order_of_the_clip():
    model, bodies = build(placed()).eval(), make_bodies()
    visible = torch.rand(bodies.shape[:3], generator=torch.Generator().manual_seed(1)) < 0.6
    whole, _ = as_masked(bodies)
    shown = torch.zeros(whole.shape[:3], dtype=torch.bool).index_copy(2, torch.tensor(PLACES), visible)
    places = torch.full(shown.shape, -1).masked_scatter(shown, torch.arange(int(shown.sum())))
    expected = build(WHOLE).eval().encode_visible(whole, shown)[places[:, :, list(PLACES)][visible]]
    torch.testing.assert_close(model.encode_visible(bodies, visible), expected)
    torch.testing.assert_close(
        model.encode_visible(bodies, torch.ones_like(visible)), rows_of(model, bodies).flatten(0, 2)
    )


def test_absent_bodies_count_as_often_as_they_occur():
    clips = rearrange(make_bodies(), "b t v c -> b c t v 1")
    clips = torch.cat([clips, torch.zeros_like(clips)], dim=4)
    once, each = build(placed()), build(placed())
    # Clips that require a gradient are computed body by body.
    torch.testing.assert_close(once(clips), each(clips.clone().requires_grad_()))
    torch.testing.assert_close(once.embed_norm.running_var, each.embed_norm.running_var)


def test_what_is_exported_answers_alike():
    model, bodies = build(placed(pool="by_joint")).eval(), make_bodies()
    exported = FoldedSTTFormer(model)(rearrange(bodies, "b t v c -> b c t v"))
    torch.testing.assert_close(exported, model(rearrange(bodies, "b t v c -> b c t v 1")))


def test_a_saved_model_keeps_its_places(tmp_path):
    model = build(placed(num_classes=3)).float().eval()
    model.save_pretrained(tmp_path)
    clips = make_bodies().float().permute(0, 3, 1, 2)[..., None]
    torch.testing.assert_close(STTFormer.from_pretrained(tmp_path)(clips), model(clips))


@pytest.mark.parametrize(
    ("places", "count"), [((0, 1), None), (None, 7), ((0, 0), 7), ((0,), 7), ((0, 7), 7), ((-1, 0), 7)]
)
def test_wrong_indices_are_refused(places, count):
    with pytest.raises(ValidationError, match="joint_indices"):
        STTFormerConfig(joints=2, joint_indices=places, joint_count=count)
