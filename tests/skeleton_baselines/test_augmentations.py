"""Each augmentation against its definition in loops, and what is drawn for it."""

import math
from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from skeleton_baselines import (
    ExtremeAugmentation,
    ExtremeAugmentationConfig,
    NormalAugmentation,
    NormalAugmentationConfig,
)
from skeleton_baselines.augment.noise import normal, uniform
from skeleton_baselines.augment.spatial import (
    rotation_matrix,
    shear_matrix,
    swap_sides,
    transform,
    zero_axis,
)
from skeleton_baselines.augment.temporal import blur, reflected_crop
from skeleton_baselines.contrast.config import ViewName
from skeleton_baselines.contrast.views import view_of

PAIRS = ((1, 2), (3, 4))
OFF = ExtremeAugmentationConfig(
    shear=0.0,
    crop_divisor=99,
    swap_probability=0,
    main_rotation=0.0,
    other_rotation=0.0,
    noise_probability=0,
    blur_probability=0,
    plane_probability=0,
)
"""Nothing at all; each test turns one thing on."""


def clips(count: int = 3, frames: int = 7, bodies: int = 2, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 3, frames, 5, bodies, generator=generator, dtype=torch.float64)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_shear_adds_shares_of_the_other_coordinates() -> None:
    x, amounts = clips(), torch.rand(3, 6, dtype=torch.float64) - 0.5
    y = transform(x, shear_matrix(amounts))
    for n, t, v, m in product(range(3), range(7), range(5), range(2)):
        (a, b, c, d, e, f), (px, py, pz) = amounts[n].tolist(), x[n, :, t, v, m].tolist()
        expected = [px + a * py + b * pz, c * px + py + d * pz, e * px + f * py + pz]
        assert y[n, :, t, v, m].tolist() == pytest.approx(expected)


def test_rotations_about_each_axis_and_their_order() -> None:
    angle = 0.3
    cos, sin = math.cos(angle), math.sin(angle)
    about = [
        [[1, 0, 0], [0, cos, sin], [0, -sin, cos]],
        [[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]],
        [[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]],
    ]
    angles = torch.cat([angle * torch.eye(3), torch.full((1, 3), angle)]).double()
    found = rotation_matrix(angles)
    x, y, z = (torch.tensor(matrix, dtype=torch.float64) for matrix in about)
    for matrix, expected in zip(found, [x, y, z, z @ y @ x], strict=True):
        torch.testing.assert_close(matrix, expected)


@given(st.lists(st.floats(-4, 4), min_size=3, max_size=3))
def test_rotations_keep_lengths_and_handedness(angles: list[float]) -> None:
    matrix = rotation_matrix(torch.tensor([angles], dtype=torch.float64))[0]
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(3, dtype=torch.float64))
    assert torch.det(matrix).item() == pytest.approx(1)


def test_sides_are_swapped_and_nothing_else() -> None:
    x = clips()
    y = swap_sides(x, PAIRS)
    for joint, other in enumerate([0, 2, 1, 4, 3]):
        assert torch.equal(y[:, :, :, joint], x[:, :, :, other])
    assert torch.equal(swap_sides(y, PAIRS), x)
    with pytest.raises(ValueError, match=r"pairs must name joints below 5, got \(1, 5\)"):
        swap_sides(x, ((1, 5),))


def test_one_axis_of_each_clip_becomes_zero() -> None:
    x = clips()
    y = zero_axis(x, torch.tensor([2, 0, 1]))
    for n, axis in enumerate([2, 0, 1]):
        for coordinate in range(3):
            kept = x[n, coordinate] if coordinate != axis else torch.zeros_like(x[n, coordinate])
            assert torch.equal(y[n, coordinate], kept)


@pytest.mark.parametrize("padding", [0, 1, 3, 7])
def test_crop_of_the_reflected_clip(padding: int) -> None:
    x = clips(count=2 * padding + 1)
    y = reflected_crop(x, torch.arange(len(x)), padding=padding)
    for start, (clip, cropped) in enumerate(zip(x, y, strict=True)):
        frames = [clip[:, t] for t in range(7)]
        longer = frames[:padding][::-1] + frames + frames[7 - padding :][::-1]
        assert torch.equal(cropped, torch.stack(longer[start : start + 7], dim=1))
    assert torch.equal(y[padding], x[padding])


@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize("kernel", [1, 5, 15])
def test_blur_equals_loops(kernel: int, normalise: bool) -> None:
    x, sigmas = clips(frames=11), torch.tensor([0.1, 0.9, 2.0], dtype=torch.float64)
    y = blur(x, sigmas, kernel=kernel, normalise=normalise)
    for n, t in product(range(3), range(11)):
        near = [s for s in range(11) if abs(s - t) <= kernel // 2]
        weights = [math.exp(-((s - t) ** 2) / (2 * sigmas[n].item() ** 2)) for s in near]
        total = sum(weights) if normalise else 1
        expected = sum(weight * x[n, :, s] for weight, s in zip(weights, near, strict=True)) / total
        torch.testing.assert_close(y[n, :, t], expected)


def test_a_body_at_rest_stays_where_it_is_only_under_a_normalised_blur() -> None:
    x = torch.ones(1, 3, 20, 5, 1, dtype=torch.float64)
    sigma = torch.tensor([2.0], dtype=torch.float64)
    torch.testing.assert_close(blur(x, sigma, kernel=15), x)
    enlarged = blur(x, sigma, kernel=15, normalise=False)
    assert enlarged[0, 0, 10, 0, 0].item() == pytest.approx(2 * math.sqrt(2 * math.pi), rel=1e-3)
    assert enlarged[0, 0, 0, 0, 0] < 0.65 * enlarged[0, 0, 10, 0, 0]


def test_nothing_is_drawn_where_all_is_off() -> None:
    x = clips(count=20)
    extreme = ExtremeAugmentation(OFF, PAIRS)
    torch.testing.assert_close(extreme(x, generator=seeded()), x)
    normal_config = NormalAugmentationConfig(shear=0.0, crop_divisor=99)
    torch.testing.assert_close(NormalAugmentation(normal_config)(x, generator=seeded()), x)


def extremely(x: Tensor, **on: object) -> Tensor:
    published = bool(on.pop("published_behaviour", False))
    config = OFF.model_copy(update=on)
    return ExtremeAugmentation(config, PAIRS, published_behaviour=published)(x, generator=seeded())


def share(changed: Tensor) -> float:
    return changed.flatten(1).any(dim=1).double().mean().item()


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("swap_probability", lambda x: swap_sides(x, PAIRS)),
        ("reverse_probability", lambda x: x.flip(2)),
    ],
)
def test_half_of_the_clips_are_changed_and_the_rest_is_not(field: str, expected: object) -> None:
    x = clips(count=400)
    y = extremely(x, **{field: 0.5})
    changed = (y != x).flatten(1).any(dim=1)
    assert changed.double().mean().item() == pytest.approx(0.5, abs=0.1)
    assert torch.equal(y[changed], expected(x)[changed])


def test_noise_has_its_spread_and_leaves_absent_bodies() -> None:
    x = clips(count=400)
    x[::2, ..., 1] = 0
    difference = extremely(x, noise_probability=0.5, noise=0.01) - x
    assert share(difference != 0) == pytest.approx(0.5, abs=0.1)
    assert (difference[::2, ..., 1] == 0).all()
    drawn = difference[difference != 0]
    assert drawn.mean().item() == pytest.approx(0, abs=1e-4)
    assert drawn.std().item() == pytest.approx(0.01, rel=0.05)
    assert 0.03 < drawn.abs().max().item() < 0.07  # as far out as normal noise goes, of some 80,000
    published = extremely(x, noise_probability=1, published_behaviour=True)
    assert (published[::2, ..., 1] != 0).any(dim=1).all()


def test_blur_is_normalised_unless_published() -> None:
    x = torch.ones(200, 3, 30, 5, 1)
    torch.testing.assert_close(extremely(x, blur_probability=1), x)
    published = extremely(x, blur_probability=0.5, published_behaviour=True)
    assert share(published != x) == pytest.approx(0.5, abs=0.1)
    assert 4 < published.max().item() < 2 * math.sqrt(2 * math.pi)


def test_each_axis_is_zeroed_as_often() -> None:
    y = extremely(clips(count=600), plane_probability=0.5)
    flat = (y == 0).flatten(2).all(dim=2)
    assert set(flat.sum(dim=1).tolist()) == {0, 1}
    assert flat.double().mean(dim=0).tolist() == pytest.approx([1 / 6] * 3, abs=0.05)


def test_rotation_is_large_about_one_axis_and_small_about_the_others() -> None:
    axes = torch.eye(3, dtype=torch.float64)[None, :, None, :, None].expand(300, 3, 1, 3, 1)
    five = torch.cat([axes, axes[:, :, :, :2]], dim=3)
    turned = extremely(five, main_rotation=math.pi / 6, other_rotation=math.pi / 180)
    matrix = turned[:, :, 0, :3, 0]
    angle = torch.acos(((matrix.diagonal(dim1=1, dim2=2).sum(1) - 1) / 2).clamp(max=1))
    assert angle.max().item() < math.radians(31.5)
    assert angle.mean().item() == pytest.approx(math.radians(15), rel=0.15)
    vector = (
        torch.stack([matrix[:, 1, 2], matrix[:, 2, 0], matrix[:, 0, 1]], dim=1) / (2 * angle.sin())[:, None]
    )
    sure = angle > math.radians(5)
    assert vector[sure].abs().max(dim=1).values.min() > 0.45
    main = vector.abs().argmax(dim=1).bincount(minlength=3)
    assert (main / 300).tolist() == pytest.approx([1 / 3] * 3, abs=0.1)
    assert (matrix[sure, :, :].det() > 0.99).all()
    assert (vector.gather(1, vector.abs().argmax(dim=1, keepdim=True))[sure] > 0).all()  # one way round only


def test_normal_augmentation_draws_every_start_and_shear_up_to_its_amount() -> None:
    time = torch.arange(12.0)[None, None, :, None, None].expand(500, 3, 12, 5, 1)
    y = NormalAugmentation(NormalAugmentationConfig(shear=0.0))(time, generator=seeded())
    first = y[:, 0, 0, 0, 0].long()
    assert first.bincount().tolist() == pytest.approx([200, 200, 100], abs=50)  # starts 1 0 | 0 1 2 are 0..4

    axes = torch.eye(3)[None, :, None, :, None].expand(500, 3, 6, 3, 1)
    config = NormalAugmentationConfig(crop_divisor=99)
    matrix = NormalAugmentation(config)(axes, generator=seeded())[:, :, 0, :, 0]
    beside = matrix[:, ~torch.eye(3, dtype=torch.bool)]
    assert (matrix.diagonal(dim1=1, dim2=2) == 1).all()
    assert 0.49 < beside.max() < 0.5
    assert -0.5 < beside.min() < -0.49
    assert beside.mean().item() == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize(
    "augment",
    [
        NormalAugmentation(NormalAugmentationConfig()),
        ExtremeAugmentation(ExtremeAugmentationConfig(reverse_probability=0.5), PAIRS),
    ],
)
def test_a_clip_with_noise_of_its_own_does_not_depend_on_its_batch(augment: object) -> None:
    def by_clip(seeds: list[int]) -> object:
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]

        def noise(shape: tuple[int, ...]) -> Tensor:
            assert shape[0] == len(generators)
            return torch.stack([torch.rand(shape[1:], generator=g).clamp_min(1e-6) for g in generators])

        return noise

    x = clips(count=4, frames=12)
    together = augment(x, generator=by_clip([3, 1, 4, 1]))
    alone = [augment(x[n : n + 1], generator=by_clip([seed])) for n, seed in enumerate([3, 1, 4, 1])]
    torch.testing.assert_close(together, torch.cat(alone))
    assert together.dtype == x.dtype
    again = augment(x, generator=seeded(5))
    assert torch.equal(again, augment(x, generator=seeded(5)))
    assert not torch.equal(again, augment(x, generator=seeded(6)))


def test_noise() -> None:
    like = torch.zeros(1, dtype=torch.float64)
    drawn = normal(seeded(), (1000, 50), like)
    assert drawn.dtype == torch.float64
    assert drawn.isfinite().all()
    assert (drawn.mean().item(), drawn.std().item()) == pytest.approx((0, 1), abs=0.02)
    with pytest.raises(ValueError, match=r"noise of shape \(3, 2\), got \(3,\)"):
        uniform(lambda shape: torch.rand(shape[0]), (3, 2), like)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"blur_sigma": (2.0, 1.0)}, r"blur_sigma must be \(smallest, largest\), got \(2.0, 1.0\)"),
        ({"blur_kernel": 4}, "blur_kernel must be odd, got 4"),
        ({"swap_probability": 1.5}, "less than or equal to 1"),
    ],
)
def test_refuses_what_cannot_be_drawn(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ExtremeAugmentationConfig.model_validate(fields)


ALL_ON = ExtremeAugmentationConfig(
    crop_divisor=99, swap_probability=0, noise_probability=1, blur_probability=0, plane_probability=1
)


@pytest.mark.parametrize(
    "augment", [NormalAugmentation(ALL_ON, True), ExtremeAugmentation(ALL_ON, PAIRS, flat=True)]
)
def test_in_a_picture_confidence_is_left_alone_and_moves_nothing(augment: NormalAugmentation) -> None:
    """Channel 2 is what it was, and positions do not depend on it."""
    x = clips(count=20)
    sure = torch.cat([x[:, :2], torch.rand_like(x[:, 2:])], dim=1)
    found, other = (augment(each, generator=seeded()) for each in (x, sure))
    assert torch.equal(found[:, 2], x[:, 2]) and torch.equal(other[:, 2], sure[:, 2])
    assert torch.equal(found[:, :2], other[:, :2])
    assert share(found[:, :2] != x[:, :2]) == 1


@pytest.mark.parametrize("view", ["joint", "motion", "bone"])
def test_in_a_picture_every_view_has_the_confidence(view: ViewName) -> None:
    x = clips()
    found, solid = (view_of(x, view, bones=((1, 0), (2, 1)), flat=flat) for flat in (True, False))
    assert torch.equal(found[:, 2], x[:, 2]) and torch.equal(found[:, :2], solid[:, :2])
