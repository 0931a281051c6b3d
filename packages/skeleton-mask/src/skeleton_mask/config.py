"""One config for each way of masking, distinguished by `kind`.

Nothing here imports torch until a mask is sampled, so that reading a recipe or printing its help is quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

if TYPE_CHECKING:
    from torch import Tensor

    from .mask import Mask
    from .noise import NoiseSource


def _share_or_count(value: object) -> object:
    if isinstance(value, str):  # of a command line, where 1 is a count and 1.0 a ratio out of range
        value = int(value) if value.isdigit() else float(value)
    if isinstance(value, int | float) and not (0 <= value < 1 or (isinstance(value, int) and value > 0)):
        raise ValueError("must be a ratio, at least 0 and below 1, or a whole number, which is a count")
    return value


def _layout_or_joints(value: object) -> object:
    return "layout" if value == ["layout"] else value  # a command line reads lists


Ratio: TypeAlias = Annotated[int | float, BeforeValidator(_share_or_count)]
"""A fraction, or a number of frames, joints or tokens."""


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SpatialTemporalConfig(_Config):
    """Whole frames, then joints of the frames that remain; see `spatial_temporal`.

    Example:
        >>> import torch
        >>> config = SpatialTemporalConfig(frame_ratio=0.4, joint_ratio=0.5)
        >>> config.sample((8, 20, 25), torch.Generator().manual_seed(0)).visible_per_clip
        144
    """

    kind: Literal["spatial_temporal"] = Field(
        "spatial_temporal", description="Mask of whole frames, then of joints in the others."
    )
    frame_ratio: Ratio = Field(
        0.4, description="Fraction of the frames that is masked (alpha in the paper), or their number."
    )
    joint_ratio: Ratio = Field(
        0.5,
        description=(
            "Fraction of the joints that is masked in each remaining frame (beta in the paper), "
            "or their number."
        ),
    )
    joints: Literal["random", "fixed"] = Field(
        "random",
        description="Whether each frame masks other joints (random), or all frames the same ones (fixed).",
    )

    def sample(self, shape: Sequence[int], generator: NoiseSource, joints_xyz: Tensor | None = None) -> Mask:
        """Draw a mask of `shape` `(N, T, V)`; `joints_xyz` is not looked at."""
        from .spatial_temporal import spatial_temporal

        return spatial_temporal(
            shape, self.frame_ratio, self.joint_ratio, joints=self.joints, generator=generator
        )


class JointOnlyConfig(_Config):
    """Joints, and no whole frame; see `joint_only`.

    Example:
        >>> import torch
        >>> config = JointOnlyConfig(joint_ratio=0.4, joints="fixed")
        >>> config.sample((8, 20, 25), torch.Generator().manual_seed(0)).joints.sum(dim=1).unique().item()
        15
    """

    kind: Literal["joint_only"] = Field("joint_only", description="Mask of joints, and of no whole frame.")
    joint_ratio: Ratio = Field(
        0.5, description="Fraction of the joints that is masked in each frame, or their number."
    )
    joints: Literal["random", "fixed"] = Field(
        "random",
        description="Whether each frame masks other joints (random), or all frames the same ones (fixed).",
    )

    def sample(self, shape: Sequence[int], generator: NoiseSource, joints_xyz: Tensor | None = None) -> Mask:
        """Draw a mask of `shape` `(N, T, V)`; `joints_xyz` is not looked at."""
        from .spatial_temporal import joint_only

        return joint_only(shape, self.joint_ratio, joints=self.joints, generator=generator)


class FrameOnlyConfig(_Config):
    """Whole frames, and no joint of the others; see `frame_only`.

    Example:
        >>> import torch
        >>> config = FrameOnlyConfig(frame_ratio=0.6)
        >>> config.sample((8, 20, 25), torch.Generator().manual_seed(0)).frames.sum(dim=1).unique().item()
        8
    """

    kind: Literal["frame_only"] = Field(
        "frame_only", description="Mask of whole frames, and of no joint of the others."
    )
    frame_ratio: Ratio = Field(0.5, description="Fraction of the frames that is masked, or their number.")

    def sample(self, shape: Sequence[int], generator: NoiseSource, joints_xyz: Tensor | None = None) -> Mask:
        """Draw a mask of `shape` `(N, T, V)`; `joints_xyz` is not looked at."""
        from .spatial_temporal import frame_only

        return frame_only(shape, self.frame_ratio, generator=generator)


class MotionAwareConfig(_Config):
    """Joints the more likely the more they move; see `motion_aware`.

    Example:
        >>> import torch
        >>> x = torch.randn(8, 3, 20, 25)  # tokens of four frames
        >>> MotionAwareConfig(ratio=0.9).sample((8, 5, 25), torch.Generator(), x).visible_per_clip
        12
    """

    kind: Literal["motion_aware"] = Field(
        "motion_aware", description="Mask of joints that move, preferably (motion-aware)."
    )
    ratio: Ratio = Field(
        0.9, description="Fraction of the tokens (frame, joint) that is masked, or their number."
    )
    tau: float = Field(
        0.8,
        gt=0,
        allow_inf_nan=False,
        description=(
            "Temperature of the draw, above 0: the smaller, the more a token that moves is "
            "preferred (tau in MAMP)."
        ),
    )

    def sample(self, shape: Sequence[int], generator: NoiseSource, joints_xyz: Tensor | None = None) -> Mask:
        """Draw a mask of `shape` `(N, T, V)` by the motion of `joints_xyz`, `(N, C, k * T, V)` with whole k.

        With `k` above one an entry of the mask is a patch of `k` frames.

        Raises:
            ValueError: If `joints_xyz` is missing or does not fit `shape`.
        """
        from .motion import motion, motion_aware

        clips, frames, joints = shape
        if joints_xyz is None:
            raise ValueError("joints_xyz must be given for motion-aware masks, got None")
        found = tuple(joints_xyz.shape)
        if len(found) != 4 or (found[0], found[3]) != (clips, joints) or found[2] % frames:
            raise ValueError(f"joints_xyz must be {(clips, 'C', f'k * {frames}', joints)}, got {found}")
        weights = motion(joints_xyz, patch_frames=joints_xyz.shape[2] // frames)
        return motion_aware(weights, self.ratio, tau=self.tau, generator=generator)


class BodyPartConfig(_Config):
    """Body parts, for the whole clip or for some frames, then others; see `body_part`.

    Example:
        >>> import torch
        >>> config = BodyPartConfig(joint_ratio=0.5, parts=((0, 1), (2, 3)))
        >>> config.sample((8, 20, 4), torch.Generator()).joints.sum(dim=1).unique().item()
        2
    """

    kind: Literal["body_part"] = Field(
        "body_part", description="Body parts are masked, for a whole clip or for some frames and then others."
    )
    joint_ratio: Ratio = Field(
        0.5,
        description="Fraction of the joints that is masked, one body part after another, or their number.",
    )
    parts: Annotated[
        Literal["layout"] | Annotated[tuple[tuple[int, ...], ...], Field(min_length=1)],
        BeforeValidator(_layout_or_joints),
    ] = Field(
        description="Joint numbers of each body part; together they hold every joint exactly once. With "
        "`layout`, commands take the parts of the skeleton's layout.",
    )
    tube_frames: int | None = Field(
        None,
        ge=1,
        description="Number of consecutive frames in which the same parts stay masked (default: all).",
    )

    def sample(self, shape: Sequence[int], generator: NoiseSource, joints_xyz: Tensor | None = None) -> Mask:
        """Draw a mask of `shape` `(N, T, V)`; `joints_xyz` is not looked at.

        Raises:
            ValueError: If `parts` are still those of a layout, which is not known here.
        """
        from .parts import body_part

        if self.parts == "layout":
            raise ValueError("parts must be joint numbers to draw a mask, got 'layout'")
        return body_part(
            shape, self.joint_ratio, parts=self.parts, tube_frames=self.tube_frames, generator=generator
        )


class TemporalBlocksConfig(_Config):
    """Runs of whole frames; see `temporal_blocks`.

    Example:
        >>> import torch
        >>> config = TemporalBlocksConfig(frame_ratio=0.5, block_frames=5)
        >>> config.sample((8, 20, 25), torch.Generator()).frames.sum(dim=1).unique().item()
        10
    """

    kind: Literal["temporal_blocks"] = Field(
        "temporal_blocks", description="Mask of blocks of consecutive frames."
    )
    frame_ratio: Ratio = Field(
        0.5, description="Fraction of the frames that is masked, in blocks, or their number."
    )
    block_frames: int = Field(5, ge=1, description="Number of consecutive frames in a block.")

    def sample(self, shape: Sequence[int], generator: NoiseSource, joints_xyz: Tensor | None = None) -> Mask:
        """Draw a mask of `shape` `(N, T, V)`; `joints_xyz` is not looked at."""
        from .spans import temporal_blocks

        return temporal_blocks(shape, self.frame_ratio, block_frames=self.block_frames, generator=generator)


class TubeConfig(_Config):
    """The same joints for some frames, then others; see `tube`.

    Example:
        >>> import torch
        >>> TubeConfig(joint_ratio=0.6, tube_frames=5).sample((8, 20, 25), torch.Generator()).visible_per_clip
        200
    """

    kind: Literal["tube"] = Field("tube", description="Mask of the same joints for some frames (tubes).")
    joint_ratio: Ratio = Field(
        0.5, description="Fraction of the joints that is masked in each frame, or their number."
    )
    tube_frames: int = Field(
        5, ge=1, description="Number of consecutive frames in which the same joints stay masked."
    )

    def sample(self, shape: Sequence[int], generator: NoiseSource, joints_xyz: Tensor | None = None) -> Mask:
        """Draw a mask of `shape` `(N, T, V)`; `joints_xyz` is not looked at."""
        from .spans import tube

        return tube(shape, self.joint_ratio, tube_frames=self.tube_frames, generator=generator)


MaskConfig: TypeAlias = Annotated[
    SpatialTemporalConfig
    | JointOnlyConfig
    | FrameOnlyConfig
    | MotionAwareConfig
    | BodyPartConfig
    | TemporalBlocksConfig
    | TubeConfig,
    Field(discriminator="kind"),
]
"""Any way of masking: `kind` says which, and every one has `sample(shape, generator, joints_xyz)`.

Example:
    >>> from pydantic import TypeAdapter
    >>> TypeAdapter(MaskConfig).validate_python({"kind": "tube", "joint_ratio": 0.3})
    TubeConfig(kind='tube', joint_ratio=0.3, tube_frames=5)
"""
