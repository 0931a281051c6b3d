"""Noise from a generator and from seeds: known words, independence of the batch, uniformity."""

import pytest
import torch

from skeleton_mask import clip_noise, clip_seeds

WORD = (1 << 64) - 1


def splitmix64(word: int) -> int:
    """One output of splitmix64 in whole numbers."""
    word = (word + 0x9E3779B97F4A7C15) & WORD
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & WORD
    return word ^ (word >> 31)


def test_reference_is_splitmix64() -> None:
    # Its published first output for seed 0.
    assert splitmix64(0) == 0xE220A8397B1DCDAF


def test_seeded_noise_equals_whole_number_arithmetic() -> None:
    seeds = [0, 1, -1, 2**63 - 1, -(2**63), 123456789]
    noise = clip_noise((len(seeds), 3, 5), torch.tensor(seeds))
    for row, seed in zip(noise, seeds, strict=True):
        words = [splitmix64(splitmix64(seed & WORD) ^ counter) for counter in range(15)]
        assert row.flatten().tolist() == [((word >> 41) + 0.5) / 2**23 for word in words]


def test_seeds_equal_whole_number_arithmetic() -> None:
    seeds = clip_seeds(5, 7, torch.tensor([0, 1, 40_090]))
    words = [splitmix64(splitmix64(splitmix64(5) ^ 7) ^ clip) for clip in (0, 1, 40_090)]
    assert [seed & WORD for seed in seeds.tolist()] == words


def test_seeds_differ_by_seed_epoch_and_clip() -> None:
    seeds = torch.cat([clip_seeds(s, e, torch.arange(50)) for s in range(4) for e in range(5)])
    assert seeds.unique().numel() == seeds.numel()


def test_clip_noise_does_not_depend_on_the_batch() -> None:
    seeds = clip_seeds(0, 2, torch.arange(6))
    together = clip_noise((6, 4, 3), seeds)
    assert torch.equal(clip_noise((2, 4, 3), seeds[[5, 1]]), together[[5, 1]])


@pytest.mark.parametrize("source", ["generator", "seeds"])
def test_noise_is_uniform_and_open(source: str) -> None:
    clips, places = 400, 250
    generator = (
        torch.Generator().manual_seed(1) if source == "generator" else clip_seeds(1, 0, torch.arange(clips))
    )
    noise = clip_noise((clips, places), generator)
    assert noise.dtype == torch.float32
    assert noise.min() > 0
    assert noise.max() < 1
    # Chi-squared with 99 degrees of freedom: mean 99, standard deviation 14.
    bins = torch.histc(noise, 100, 0, 1)
    expected = clips * places / 100
    assert ((bins - expected) ** 2 / expected).sum() < 99 + 5 * 14
    # Neighbouring places and neighbouring clips are uncorrelated (standard deviation 1 / sqrt(n)).
    centred = noise - 0.5
    for a, b in [(centred[:, 1:], centred[:, :-1]), (centred[1:], centred[:-1])]:
        assert (a * b).mean().abs() * 12 < 5 / a.numel() ** 0.5


@pytest.mark.parametrize(
    ("seeds", "got"),
    [
        (torch.arange(3), r"int64 of shape \(3,\)"),
        (torch.zeros(4), r"float32 of shape \(4,\)"),
        (torch.zeros(4, 1, dtype=torch.int64), r"int64 of shape \(4, 1\)"),
    ],
)
def test_refuses_other_seeds(seeds: torch.Tensor, got: str) -> None:
    with pytest.raises(ValueError, match=f"generator must hold one int64 seed .* 4 clips, got {got}"):
        clip_noise((4, 5), seeds)
