"""Features made comparable: partial whitening and statistics of joints, against their definitions."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skeletonmae import JointStatistics, partial_whitening
from sttformer import STTFormer, STTFormerConfig

TINY = STTFormerConfig(joints=5, width=8, blocks=((8, 2), (12, 2)), tuple_frames=2)


def random_features(clips, channels, *, seed=0):
    generator = torch.Generator().manual_seed(seed)
    mixed = torch.randn(channels, channels, generator=generator, dtype=torch.float64)
    return torch.randn(clips, channels, generator=generator, dtype=torch.float64) @ mixed + 3


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_whitened_features_are_those_of_the_covariance_matrix(power):
    features = random_features(40, 6)
    mean = features.sum(0) / 40
    covariance = sum(torch.outer(each - mean, each - mean) for each in features) / 40
    variances, directions = torch.linalg.eigh(covariance)
    whitening = partial_whitening(features, components=3, power=power)
    for clip in random_features(4, 6, seed=1):
        expected = [
            float(directions[:, -number] @ (clip - mean)) / math.sqrt(variances[-number]) ** power
            for number in (1, 2, 3)
        ]
        assert [abs(float(each)) for each in whitening(clip)] == pytest.approx([abs(x) for x in expected])


@given(clips=st.integers(2, 12), channels=st.integers(1, 12), components=st.integers(1, 20))
def test_only_directions_that_vary_are_kept(clips, channels, components):
    features = random_features(clips, channels)
    whitening = partial_whitening(features, components=components, power=1.0)
    assert whitening.out_features == min(clips - 1, channels, components)
    whitened = whitening(features)
    covariance = whitened.T @ whitened / clips
    torch.testing.assert_close(covariance, torch.eye(len(covariance), dtype=torch.float64))
    assert not whitening.weight.requires_grad


@pytest.mark.parametrize(
    ("features", "options", "named"),
    [
        (torch.ones(1, 3), {}, r"got \(1, 3\)"),
        (torch.ones(4, 3), {}, "of 4 clips"),
        (torch.eye(3), {"components": 0}, "components=0"),
        (torch.eye(3), {"power": 1.5}, r"power=1\.5"),
    ],
)
def test_what_cannot_be_whitened_is_named(features, options, named):
    with pytest.raises(ValueError, match=named):
        partial_whitening(features, **options)


@torch.no_grad()
def test_statistics_of_joints_are_over_time_of_the_mean_body():
    torch.manual_seed(0)
    encoder, clips = STTFormer(TINY).eval(), torch.randn(2, 3, 4, 5, 2)
    model = JointStatistics(encoder)
    features, tokens = model(clips), encoder.forward_features(clips)
    assert features.shape == (2, model.head_hidden_size)
    for clip in range(2):
        for joint in range(5):
            for channel in range(12):
                frames = [float(tokens[clip, channel, t, joint].mean()) for t in range(4)]
                mean, place = sum(frames) / 4, joint * 12 + channel
                spread = math.sqrt(sum((frame - mean) ** 2 for frame in frames) / 4)
                assert float(features[clip, place]) == pytest.approx(mean, rel=1e-4, abs=1e-5)
                assert float(features[clip, 60 + place]) == pytest.approx(spread, rel=1e-3, abs=1e-4)
