"""The attention-guided drop against its definition in loops."""

from itertools import product

import pytest
import torch
from torch import Tensor

from skeleton_baselines import energy_drop
from skeleton_baselines.augment.energy_drop import energy_attention


def slow_attention(channel: Tensor) -> Tensor:
    """The inverse of the minimal energy of every place of one channel `(T, V)`, through a sigmoid."""
    places = channel.numel()
    mean = sum(value.item() for value in channel.flatten()) / places
    variance = sum((value.item() - mean) ** 2 for value in channel.flatten()) / (places - 1)
    attention = torch.empty_like(channel)
    for t, v in product(range(channel.shape[0]), range(channel.shape[1])):
        energy = 4 * (variance + 1e-4) / ((channel[t, v] - mean) ** 2 + 2 * (variance + 1e-4))
        attention[t, v] = torch.sigmoid(1 / energy)
    return attention


def slow_drop(features: Tensor, threshold: float) -> Tensor:
    n, c, t, v, m = features.shape
    attention = torch.stack(
        [slow_attention(features[i, j, :, :, k]) for i, j, k in product(range(n), range(c), range(m))]
    ).unflatten(0, (n, c, m))
    dropped = features.clone()
    joints = 0
    for i, k, joint in product(range(n), range(m), range(v)):
        if attention[i, :, k, :, joint].mean() >= threshold:
            dropped[i, :, :, joint, k] = 0
        else:
            joints += 1
    values = 0
    for i, j, k, frame, joint in product(range(n), range(c), range(m), range(t), range(v)):
        if attention[i, j, k, frame, joint] >= threshold:
            dropped[i, j, frame, joint, k] = 0
        else:
            values += 1
    return dropped * (n * m * v / joints) * (n * m * c * t * v / values)


@pytest.mark.parametrize("threshold", [0.68, 0.7, 0.8])
def test_equals_loops(threshold: float) -> None:
    features = torch.randn(2, 3, 3, 4, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    features[0, :, :, 1, 0] += 4  # a joint that stands out in every channel
    found = energy_drop(features, threshold=threshold)
    torch.testing.assert_close(found, slow_drop(features, threshold))
    assert bool((found[0, :, :, 1, 0] == 0).all()) == (threshold <= 0.7)
    assert (found != 0).any()


def test_attention_lies_between_that_of_the_mean_and_one() -> None:
    features = torch.randn(2, 4, 5, 6)
    attention = energy_attention(features)
    assert attention.min() >= torch.sigmoid(torch.tensor(0.5))
    assert attention.max() < 1
    flat = energy_attention(torch.ones(1, 2, 3, 4))
    torch.testing.assert_close(flat, torch.full_like(flat, 0.5).sigmoid())
    assert energy_attention(torch.ones(1, 1, 1, 1)).isfinite().all()


def test_half_precision_drops_what_single_does() -> None:
    features = torch.randn(4, 8, 5, 6, 2, generator=torch.Generator().manual_seed(3)).bfloat16()
    assert torch.equal(energy_drop(features) == 0, energy_drop(features.float()) == 0)


def test_no_threshold_drops_everything() -> None:
    for seed in range(20):
        features = torch.randn(1, 1, 2, 2, 1, generator=torch.Generator().manual_seed(seed)) * 100
        assert energy_drop(features, threshold=0.68).isfinite().all()


def test_gradient_reaches_what_is_kept_alone() -> None:
    features = torch.randn(2, 3, 4, 5, 1, requires_grad=True)
    dropped = energy_drop(features)
    dropped.sum().backward()
    kept = dropped != 0
    assert (features.grad[~kept] == 0).all()
    torch.testing.assert_close(features.grad[kept], (dropped / features)[kept].detach())
