"""Encoders and decoders of every kind, in every pair, and one's own; any mask."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from skeleton_mask import Mask, SpatialTemporalConfig
from skeletonmae import (
    Decoder,
    Encoder,
    MaskSampler,
    SkeletonMAE,
    SkeletonMAEConfig,
    Transformer,
    build_encoder,
)
from skeletonmae.tables import count, table
from sttformer import STTFormer

FRAMES, JOINTS = 8, 6

ENCODERS = {
    "sttformer": {"joints": JOINTS, "tuple_frames": 2, "width": 8, "blocks": [(8, 2), (12, 3)], "heads": 2},
    "transformer": {
        "kind": "transformer", "frames": FRAMES, "joints": JOINTS, "token_frames": 2,
        "width": 8, "depth": 2, "heads": 2,
    },
}  # fmt: skip
DECODERS = {
    "sttformer": {"width": 10, "depth": 2, "heads": 2, "qk_channels": 3, "tuple_frames": 2},
    "transformer": {"kind": "transformer", "width": 8, "depth": 2, "heads": 2},
}
MASKS = [
    {"kind": "spatial_temporal", "frame_ratio": 0.5, "joint_ratio": 0.5},
    {"kind": "spatial_temporal", "frame_ratio": 0.25, "joint_ratio": 0.5, "joints": "fixed"},
    {"kind": "joint_only", "joint_ratio": 0.8},
    {"kind": "frame_only", "frame_ratio": 0.5},
    {"kind": "motion_aware", "ratio": 0.9},
    {"kind": "body_part", "joint_ratio": 0.5, "parts": [[0, 1], [2, 3, 4], [5]]},
    {"kind": "temporal_blocks", "frame_ratio": 0.5, "block_frames": 2},
    {"kind": "tube", "joint_ratio": 0.5, "tube_frames": 2},
]


def make_model(encoder="sttformer", decoder="sttformer", **changes):
    torch.manual_seed(0)
    return SkeletonMAE(
        SkeletonMAEConfig(encoder=ENCODERS[encoder], decoder=DECODERS[decoder], **changes)
    ).double()


def make_clips(clips=4, persons=2):
    x = torch.randn(clips, 3, FRAMES, JOINTS, persons, dtype=torch.float64)
    x[1, ..., 1:] = 0
    return x


def generator():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("mask", MASKS, ids=lambda mask: mask["kind"])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_any_mask(encoder, mask):
    """Equally many tokens are visible, and nothing of the others is seen."""
    model, clips = make_model(encoder, mask=mask), make_clips(persons=1)
    output = model(clips, generator=generator())
    counts = output.visible.sum((1, 2))
    assert (counts == counts[0]).all() and 0 < counts[0] < FRAMES * JOINTS
    bodies = clips[..., 0].permute(0, 2, 3, 1)
    seen = torch.where(output.visible[..., None], bodies, torch.nan)
    tokens = output.visible[:, :: model.encoder.token_frames]
    expected = model.decoder(model.encoder.encode_visible(seen, tokens), Mask(tokens))
    torch.testing.assert_close(expected, output.prediction, rtol=0, atol=0)


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("encoder", ENCODERS)
def test_every_pair_learns_and_rebuilds(encoder, decoder):
    model, clips = make_model(encoder, decoder), make_clips()
    output = model(clips, generator=generator())
    assert output.prediction.shape == output.target.shape == (7, FRAMES, JOINTS, 3)
    output.loss.backward()
    assert not [name for name, p in model.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
    original, visible, reconstructed = model.reconstruct(clips, generator=generator())
    assert reconstructed.shape == original.shape == clips.shape and visible.shape == (4, FRAMES, JOINTS, 2)


def test_masks_hide_whole_tokens():
    visible = make_model("transformer", "transformer")(make_clips(), generator=generator()).visible
    torch.testing.assert_close(visible[:, ::2], visible[:, 1::2])
    assert len(visible.flatten(1).unique(dim=0)) == 7


def test_mamp():
    """Its target is each patch's motion, standardised; the masked ones count; absent bodies do not."""
    target = {"kind": "motion", "standardise": "patch", "patch_frames": 2, "loss_on": "masked"}
    model = make_model("transformer", "transformer", mask={"kind": "motion_aware"}, target=target)
    clips, seeds = make_clips(), torch.arange(4)
    output = model(clips, generator=seeds)
    total, places = 0, 0
    for prediction, wanted, visible in zip(output.prediction, output.target, output.visible, strict=True):
        for time in range(0, FRAMES, 2):
            for joint in range(JOINTS):
                if not visible[time, joint]:
                    error = prediction[time : time + 2, joint] - wanted[time : time + 2, joint]
                    total, places = total + error.square().mean(), places + 1
    torch.testing.assert_close(output.loss, total / places)
    lonely = clips[..., :1]
    padded = torch.cat([lonely, torch.zeros_like(lonely)], dim=4)
    losses = [model(x, generator=seeds).loss for x in (lonely, padded)]
    torch.testing.assert_close(*losses)


class MeanEncoder(nn.Module):
    """One's own: no shape but the protocol's."""

    token_frames, num_features = 4, 5

    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(3, 5)

    def encode_visible(self, x, visible):
        return self.embed(x.unflatten(1, (-1, 4)).mean(2)[visible])


class FillDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.predict = nn.Linear(5, 3)

    def forward(self, tokens, mask):
        tokens = tokens.unflatten(0, (len(mask.visible), -1))
        return self.predict(mask.scatter(tokens)).repeat_interleave(4, 1)


class LastTokens:
    """Hides all tokens but the last ones, and keeps what it was asked."""

    def sample(self, shape, generator, joints_xyz):
        self.asked = shape, generator, joints_xyz
        visible = torch.zeros(shape, dtype=torch.bool)
        visible[:, -1] = True
        return Mask(visible)


def test_other_networks_and_masks_are_handed_in():
    encoder: Encoder = MeanEncoder()
    decoder: Decoder = FillDecoder()
    mask: MaskSampler = LastTokens()
    config = SkeletonMAEConfig(encoder=ENCODERS["sttformer"], decoder=DECODERS["sttformer"])
    for given in ({"encoder": encoder}, {"encoder": encoder, "decoder": decoder, "mask": mask}):
        model = SkeletonMAE(config, **given).double()
        output = model(make_clips(), generator=generator())
        output.loss.backward()
        assert model.encoder.embed.weight.grad.isfinite().all()
        torch.testing.assert_close(output.visible[:, ::4], output.visible[:, 3::4])
    assert output.visible[:, 4:].all() and not output.visible[:, :4].any()
    shape, _, joints_xyz = mask.asked
    assert shape == (7, 2, JOINTS)
    torch.testing.assert_close(joints_xyz, output.target.permute(0, 3, 1, 2))


class NoWeights:
    token_frames = num_features = 4

    def encode_visible(self, x, visible):
        return x


class NoModule(NoWeights):
    def state_dict(self):
        return {}


class OtherArguments:
    def sample(self, shape):
        return shape


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"encoder": nn.Linear(3, 5)}, "encoder: Linear lacks encode_visible.*num_features.*token_frames"),
        ({"encoder": NoModule()}, "encoder: NoModule is no torch.nn.Module"),
        ({"encoder": NoWeights()}, r"encoder: NoWeights lacks state_dict\(\)"),
        ({"decoder": 5}, r"decoder: int lacks __call__\(tokens, mask\)"),
        ({"decoder": lambda tokens: tokens}, r"decoder: function lacks __call__\(tokens, mask\)"),
        ({"mask": OtherArguments()}, r"mask: OtherArguments lacks sample\(shape, generator, joints_xyz\)"),
        ({"mask": LastTokens}, r"mask: type lacks sample\(shape, generator, joints_xyz\)"),
    ],
)
def test_what_an_object_lacks_is_said_when_the_model_is_built(given, named):
    with pytest.raises(ValueError, match=named):
        SkeletonMAE(SkeletonMAEConfig(encoder=ENCODERS["sttformer"]), **given)


def test_what_an_object_returns_must_fit():
    config = SkeletonMAEConfig(encoder=ENCODERS["sttformer"], decoder=DECODERS["sttformer"])
    small = SpatialTemporalConfig()
    shapeless = SimpleNamespace(sample=lambda shape, generator, joints_xyz: joints_xyz)
    other = SimpleNamespace(sample=lambda _, generator, __: small.sample((1, 4, 4), generator))
    for mask, named in ((shapeless, "got Tensor"), (other, r"\(7, 8, 6\), got a Mask of \(1, 4, 4\)")):
        with pytest.raises(ValueError, match=rf"mask: SimpleNamespace\.sample.*{named}"):
            SkeletonMAE(config, mask=mask).double()(make_clips(), generator=generator())
    flat = SkeletonMAE(config, decoder=lambda tokens, mask: tokens.new_zeros(1))
    with pytest.raises(ValueError, match=r"prediction must be \(7, 8, 6, 3\), got \(1,\)"):
        flat.double()(make_clips(), generator=generator())


@pytest.mark.parametrize("kind", ENCODERS)
def test_encoder_weights_load_into_the_classifier(kind):
    model = make_model(kind, "transformer")
    config = model.config.encoder.model_copy(update={"num_classes": 9})
    classifier = build_encoder(config).double()
    assert isinstance(classifier, STTFormer if kind == "sttformer" else Transformer)
    classifier.reset_classifier(0)
    classifier.load_state_dict(model.encoder.state_dict(), strict=True)
    clips = make_clips()
    torch.testing.assert_close(classifier.eval()(clips), model.encoder.eval()(clips))


def test_tuples_of_the_decoder():
    decoder = {name: value for name, value in DECODERS["sttformer"].items() if name != "tuple_frames"}
    with pytest.raises(ValueError, match=r"decoder\.tuple_frames must be given: .* kind transformer has no"):
        SkeletonMAEConfig(encoder=ENCODERS["transformer"], decoder=decoder)
    decoder["tuple_frames"] = 3
    model = SkeletonMAE(SkeletonMAEConfig(encoder=ENCODERS["transformer"], decoder=decoder)).double()
    with pytest.raises(ValueError, match="4 tokens in time, not a multiple of the decoder's tuple_frames=3"):
        model(make_clips(), generator=generator())


def test_tokens_and_patches_must_divide_the_clip():
    clips = torch.ones(1, 3, 7, JOINTS, 1, dtype=torch.float64)
    with pytest.raises(ValueError, match="7 frames, not a multiple of token_frames=2"):
        make_model("transformer", "transformer")(clips, generator=generator())
    model = make_model(target={"standardise": "patch", "patch_frames": 3})
    with pytest.raises(ValueError, match=r"8 frames, not a multiple of target\.patch_frames=3"):
        model(make_clips(), generator=generator())


def test_tables_count_what_is_built():
    assert count(256, 9)[1] - count(256, 8)[1] == count(256, 8)[1] - count(256, 7)[1]
    rows = [line.split("|")[1:] for line in table().splitlines()[2:]]
    assert [row[5].strip() for row in rows[:3]] == ["3 M", "11 M", "33 M"]
    for width, depth, _, decoder, _, _, _ in rows:
        assert decoder.strip() == f"{count(int(width), int(depth))[1] / 1e6:.2f} M"
