"""The augmentation of CrosSCLR, and the normal one of AimCLR."""

from dataclasses import dataclass

from torch import Tensor

from .config import NormalAugmentationConfig
from .noise import NoiseSource, uniform
from .spatial import in_plane, shear_matrix, transform
from .temporal import reflected_crop


@dataclass(frozen=True)
class NormalAugmentation:
    """Crop a clip in time, after lengthening it by its reflection, and shear it.

    Attributes:
        config: How strongly.
        flat: Whether joints lie in a picture, with the confidence of the detector as z: it is not
            sheared.

    References:
        Li et al., "3D Human Action Representation Learning via Cross-View Consistency Pursuit" (2021),
        section 3.1.

    Example:
        >>> import torch
        >>> augment = NormalAugmentation(NormalAugmentationConfig())
        >>> augment(torch.randn(2, 3, 50, 25, 2), generator=torch.Generator().manual_seed(0)).shape
        torch.Size([2, 3, 50, 25, 2])
    """

    config: NormalAugmentationConfig
    flat: bool = False

    def __call__(self, x: Tensor, *, generator: NoiseSource) -> Tensor:
        """Augment clips `(N, 3, T, V, M)`, each by draws of its own."""
        padding = x.shape[2] // self.config.crop_divisor
        start = (uniform(generator, (len(x),), x) * (2 * padding + 1)).long()
        amounts = (2 * uniform(generator, (len(x), 6), x) - 1) * self.config.shear
        matrix = shear_matrix(amounts)
        return transform(reflected_crop(x, start, padding=padding), in_plane(matrix) if self.flat else matrix)
