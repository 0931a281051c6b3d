"""What a masked autoencoder reconstructs: joints, their motion or both, as they are or standardised."""

from typing import Literal

import torch
from einops import rearrange, repeat
from torch import Tensor
from torch.nn import functional as F

from .config import TargetConfig

_OVER = {"axis": (1,), "joint": (1, 3), "body": (1, 2, 3)}
"""Axes of (B, T, V, C) over which the spread is taken."""


class Target:
    """The target of a masked autoencoder: made of bodies by `of`, turned back into joints by `invert`.

    A standardised target has each joint's mean over time removed and is divided by the spread about it. The
    mean is what any visible frame of a joint tells and what most of a plain error is about; without it the
    error is about how the joint moves (compare the normalised patches of He et al. 2022, section 4.2). With
    `standardise="joint"` each joint has its own spread, so that a hand at rest counts as much as one that
    waves, though its motion is the noise of the sensor. With `"axis"` so has each axis of each joint, as in
    NAT. With `"body"` all joints of a body have one spread.
    With `"patch"` each patch, some frames of a joint, has one mean and one unbiased variance over its frames
    and coordinates (Mao et al. 2023, section 3.3). With `kind="joints_and_motion"` each part is standardised
    by itself, so that the small steps of motion count as much as positions.

    Args:
        config: Kind of target, and how it is standardised.
        floor: Smallest spread, in the unit of the target.

    Example:
        >>> import torch
        >>> bodies = torch.tensor([1.0, 3.0]).view(1, 2, 1, 1)  # one body, two frames, one joint
        >>> Target(TargetConfig(standardise="joint")).of(bodies).flatten()
        tensor([-1.,  1.])
        >>> motion = Target(TargetConfig(kind="motion"))
        >>> motion.of(bodies).flatten()
        tensor([2., 0.])
        >>> first_frame = torch.tensor([True, False]).view(1, 2, 1)
        >>> motion.invert(motion.of(bodies), bodies, first_frame).flatten()
        tensor([1., 3.])
    """

    def __init__(self, config: TargetConfig, *, floor: float = 1e-3) -> None:
        self.config, self.floor = config, floor

    def of(self, bodies: Tensor, *, scaled_as: Tensor | None = None, there: Tensor | None = None) -> Tensor:
        """Return the target of bodies (B, T, V, C): (B, T, V, C), or (B, T, V, 2 C) of joints and motion.

        Args:
            bodies: The joints.
            scaled_as: Bodies whose mean and spread are used instead of the bodies' own, so that the target
                of guessed joints can be compared with that of the true ones.
            there: Boolean (B, V), joints whose target is known in some frame; the spread of a body is that
                of them alone, so that it does not depend on how many joints its sensor lacks. All, if None.

        Raises:
            ValueError: If the frames are not a multiple of those of a patch.
        """
        targets = []
        for part in self.config.parts:
            target = _plain(part, bodies)
            if self.config.standardise != "none":
                mean, spread = self._scale(_plain(part, bodies if scaled_as is None else scaled_as), there)
                target = (target - mean) / spread
            targets.append(target)
        return torch.cat(targets, dim=-1)

    def measured(self, present: Tensor) -> Tensor:
        """Return where the target is known of joints `present` (B, T, V): a step needs two frames."""
        if self.config.kind == "joints":
            return present
        return present & F.pad(present[:, 1:], (0, 0, 0, 1), value=True)

    def invert(self, target: Tensor, bodies: Tensor, visible: Tensor) -> Tensor:
        """Return joint positions (B, T, V, C) that a reconstructed target stands for.

        A standardised target does not say its mean and its spread: they are the original's. Motion is summed
        up, and begins where it fits the visible frames of the joint best (all frames, if none is visible). Of
        joints and their motion, the joints are returned.

        Args:
            target: What was reconstructed, of the shape that `of` returns.
            bodies: The original joints (B, T, V, C).
            visible: Boolean (B, T, V).
        """
        part = self.config.parts[0]
        target = target[..., : bodies.shape[-1]]
        if self.config.standardise != "none":
            mean, spread = self._scale(_plain(part, bodies))
            target = target * spread + mean
        if part == "joints":
            return target
        travelled = F.pad(target[:, :-1].cumsum(1), (0, 0, 0, 0, 1, 0))
        anchors = (visible | ~visible.any(1, keepdim=True))[..., None].to(bodies.dtype)
        start = ((bodies - travelled) * anchors).sum(1, keepdim=True) / anchors.sum(1, keepdim=True)
        return travelled + start

    def _scale(self, target: Tensor, there: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return mean (B, 1, V, C) and spread (B, 1, V or 1, C or 1); of patches both are (B, T, V, 1)."""
        if self.config.standardise == "patch":
            return self._scale_of_patches(target)
        mean = target.mean(1, keepdim=True)
        over = _OVER[self.config.standardise]
        variance = (target - mean).square()
        if there is not None and self.config.standardise == "body":
            weight = there[:, None, :, None] / there.sum(1).clamp(min=1)[:, None, None, None]
            variance = variance * (weight * there.shape[1])
        spread = variance.mean(over, keepdim=True).sqrt()
        return mean, spread.clamp(min=self.floor)

    def _scale_of_patches(self, target: Tensor) -> tuple[Tensor, Tensor]:
        frames, patch_frames = target.shape[1], self.config.patch_frames
        if frames % patch_frames:
            raise ValueError(
                f"the clip has {frames} frames, not a multiple of target.patch_frames={patch_frames}"
            )
        patches = rearrange(target, "b (t k) v c -> b t v (k c)", k=patch_frames)
        var, mean = torch.var_mean(patches, -1, keepdim=True)
        spread = (var + self.floor**2).sqrt()
        mean, spread = (repeat(part, "b t v 1 -> b (t k) v 1", k=patch_frames) for part in (mean, spread))
        return mean, spread


def _plain(part: Literal["joints", "motion"], bodies: Tensor) -> Tensor:
    """Return joints or motion (B, T, V, C), as they are."""
    return joint_motion(bodies) if part == "motion" else bodies


def joint_motion(joints: Tensor) -> Tensor:
    """Return the steps of joints from each frame to the next; the last frame's step is zero.

    Args:
        joints: (B, T, V, C).

    Returns:
        (B, T, V, C), in the unit of `joints` per frame.

    Example:
        >>> import torch
        >>> joint_motion(torch.tensor([1.0, 3.0, 4.0]).view(1, 3, 1, 1)).flatten()
        tensor([2., 1., 0.])
    """
    return F.pad(joints.diff(dim=1), (0, 0, 0, 0, 0, 1))
