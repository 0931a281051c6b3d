"""The extreme augmentation of AimCLR."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .config import ExtremeAugmentationConfig
from .noise import NoiseSource, normal, uniform
from .normal import NormalAugmentation
from .spatial import rotation_matrix, swap_sides, transform, zero_axis
from .temporal import blur


@dataclass(frozen=True)
class ExtremeAugmentation:
    """The normal augmentation, then most of: sides swapped, rotation, noise, blur, one axis gone.

    Differences from the published code: the blur is normalised, so that it neither enlarges a clip nor draws
    its ends to the origin, and a body that is absent (all zero) stays absent when noise is added.

    Attributes:
        config: How strongly.
        pairs: Left and right joint numbers.
        published_behaviour: Whether to blur and to add noise as the published code does.
        flat: Whether joints lie in a picture, with the confidence of the detector as z: it is not
            turned, sheared or set to zero, and gets no noise. The large rotation is one in the picture.

    References:
        Guo et al., "Contrastive Learning from Extremely Augmented Skeleton Sequences for Self-supervised
        Action Recognition" (2022), section 3.2.

    Example:
        >>> augment = ExtremeAugmentation(ExtremeAugmentationConfig(), pairs=((4, 8), (5, 9)))
        >>> augment(torch.randn(2, 3, 50, 25, 2), generator=torch.Generator().manual_seed(0)).shape
        torch.Size([2, 3, 50, 25, 2])
    """

    config: ExtremeAugmentationConfig
    pairs: tuple[tuple[int, int], ...]
    published_behaviour: bool = False
    flat: bool = False

    def __call__(self, x: Tensor, *, generator: NoiseSource) -> Tensor:
        """Augment clips `(N, 3, T, V, M)`, each by draws of its own."""
        config = self.config
        swapped, noisy, blurred, flat, reversed_ = (uniform(generator, (len(x), 5), x)).unbind(dim=1)

        x = NormalAugmentation(config, self.flat)(x, generator=generator)
        x = _where(swapped < config.swap_probability, swap_sides(x, self.pairs), x)
        x = transform(x, rotation_matrix(self._angles(x, generator)))
        x = _where(noisy < config.noise_probability, self._with_noise(x, generator), x)
        x = _where(blurred < config.blur_probability, self._blurred(x, generator), x)
        axis = ((2 if self.flat else 3) * uniform(generator, (len(x),), x)).long()
        x = _where(flat < config.plane_probability, zero_axis(x, axis), x)
        return _where(reversed_ < config.reverse_probability, x.flip(2), x)

    def _angles(self, x: Tensor, generator: NoiseSource) -> Tensor:
        """Return angles `(N, 3)`: a large one about an axis drawn at random, small ones about the others."""
        main = (3 * uniform(generator, (len(x), 1), x)).long()
        largest = torch.full((len(x), 3), self.config.other_rotation, dtype=x.dtype, device=x.device)
        largest = largest.scatter(1, main, self.config.main_rotation)
        if self.flat:
            largest = largest.new_tensor([0, 0, self.config.main_rotation])
        return uniform(generator, (len(x), 3), x) * largest

    def _with_noise(self, x: Tensor, generator: NoiseSource) -> Tensor:
        noise = normal(generator, tuple(x.shape), x) * self.config.noise
        if self.flat:
            noise[:, 2] = 0
        if not self.published_behaviour:
            noise = noise * (x != 0).any(dim=3, keepdim=True).any(dim=2, keepdim=True).any(
                dim=1, keepdim=True
            )
        return x + noise

    def _blurred(self, x: Tensor, generator: NoiseSource) -> Tensor:
        low, high = self.config.blur_sigma
        sigma = low + (high - low) * uniform(generator, (len(x),), x)
        return blur(x, sigma, kernel=self.config.blur_kernel, normalise=not self.published_behaviour)


def _where(chosen: Tensor, changed: Tensor, x: Tensor) -> Tensor:
    """Take the changed clip where it was chosen `(N,)`."""
    return torch.where(chosen[:, None, None, None, None], changed, x)
