"""The shape of an STTFormer."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt, model_validator

from .joint_subset import JointSubset

Pool = Literal["mean", "by_joint"]
"""Pooling of token features before the head: the mean of all, or the mean of each joint's."""
Channels = Annotated[int, Field(ge=1, le=16384)]
BlockChannels = tuple[Channels, Channels]
"""Output channels of a block, and channels of a query or key in each of its heads."""


class STTFormerConfig(JointSubset):
    """Every choice that shapes an STTFormer; the defaults are the published NTU RGB+D model.

    The number of frames and of bodies is no part of it: the weights serve any clip whose frames the
    tuple length divides.

    Example:
        >>> STTFormerConfig(joints=20, tuple_frames=2).slots
        40
    """

    kind: Literal["sttformer"] = Field("sttformer", description="Type of the encoder.")
    channels: PositiveInt = Field(
        3, le=1024, description="Number of input channels of a joint, C: its coordinates."
    )
    tuple_frames: PositiveInt = Field(
        6,
        le=4096,
        description=(
            "Number of frames in a tuple, within which attention is computed (n in STTFormer's paper)."
        ),
    )
    tuples: Literal["in_place", "packed"] = Field(
        "in_place",
        description=(
            "Which frames are divided into tuples where some are masked: all frames of the clip "
            "(in_place), or those with something visible (packed, as in the paper of "
            "SkeletonMAE)."
        ),
    )
    width: PositiveInt = Field(64, le=16384, description="Number of channels of the joint embedding.")
    blocks: Annotated[tuple[BlockChannels, ...], Field(min_length=1, max_length=1024)] = Field(
        ((64, 16), (64, 16), (128, 32), (128, 32), (256, 64), (256, 64), (256, 64), (256, 64)),
        description="For each block its output channels, and its query and key channels per head.",
    )
    heads: PositiveInt = Field(3, le=1024, description="Number of attention heads in each block.")
    slot_kernel: PositiveInt = Field(
        5,
        le=1023,
        description="Kernel size of the convolution over the slots (frame, joint) of a tuple; odd.",
    )
    tuple_kernel: PositiveInt = Field(
        3, le=1023, description="Kernel size of the convolution over tuples; odd."
    )
    num_classes: int = Field(
        0,
        le=1_000_000,
        ge=0,
        description="Number of classes of the head; 0: no head, the output is the pooled features.",
    )
    pool: Pool = Field(
        "mean",
        description=(
            "Features that the head sees: the mean over frames, joints and bodies, or the mean "
            "of each joint over frames and bodies."
        ),
    )
    attention_dropout: float = Field(0.0, ge=0, lt=1, description="Dropout probability of attention weights.")
    dropout: float = Field(
        0.0, ge=0, lt=1, description="Dropout probability of the pooled features before the head."
    )

    @model_validator(mode="after")
    def _kernels_are_odd(self) -> "STTFormerConfig":
        for field in ("slot_kernel", "tuple_kernel"):
            if getattr(self, field) % 2 == 0:
                raise ValueError(f"{field} must be odd, got {getattr(self, field)}")
        return self

    @property
    def slots(self) -> int:
        """Slots of a tuple, S: frames of a tuple times the joints that the weights are for."""
        return self.tuple_frames * self.skeleton_joints

    @property
    def slots_in_clip(self) -> tuple[int, ...] | None:
        """Slot of each joint of each frame of a tuple, where `joint_indices` says it."""
        if self.joint_indices is None:
            return None
        starts = range(0, self.slots, self.skeleton_joints)
        return tuple(start + index for start in starts for index in self.joint_indices)

    @property
    def num_features(self) -> int:
        """Channels of the last block."""
        return self.blocks[-1][0]
