"""The shape of an ST-GCN."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, model_validator

NTU_EDGES = (
    *((0, 1), (1, 20), (2, 20), (3, 2)),
    *((4, 20), (5, 4), (6, 5), (7, 6), (21, 22), (22, 7)),
    *((8, 20), (9, 8), (10, 9), (11, 10), (23, 24), (24, 11)),
    *((12, 0), (13, 12), (14, 13), (15, 14)),
    *((16, 0), (17, 16), (18, 17), (19, 18)),
)
"""Bones of the 25 joints of NTU RGB+D: spine and head, left arm, right arm, left leg, right leg."""


class STGCNConfig(BaseModel):
    """Every choice that shapes an ST-GCN.

    The defaults are the published model for NTU RGB+D; `width=16` is the quarter-width variant of CrosSCLR
    and AimCLR.

    Example:
        >>> STGCNConfig(joints=3, edges=((0, 1), (1, 2)), centre=1, width=16).block_channels[-3:]
        (64, 64, 256)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["stgcn"] = Field("stgcn", description="Type of the encoder.")
    joints: PositiveInt = Field(25, le=1024, description="Joints of a skeleton, V.")
    edges: tuple[tuple[NonNegativeInt, NonNegativeInt], ...] = Field(
        NTU_EDGES,
        max_length=4096,
        description=(
            "Bones as pairs of joint numbers, which connect all joints; commands take them from the data."
        ),
    )
    centre: NonNegativeInt = Field(
        20,
        description=(
            "Root joint; neighbours are divided by their distance from it; commands take it from the data."
        ),
    )
    centre_hops: PositiveInt | None = Field(
        1,
        le=1024,
        description="Distances from the centre above this many bones count as equal: 1 in the published "
        "code, no limit (null) in the paper.",
    )
    channels: PositiveInt = Field(3, le=1024, description="Input channels of a joint, C: its coordinates.")
    width: PositiveInt = Field(
        64, le=1024, description="Channels of the first blocks; doubled twice on the way."
    )
    num_features: PositiveInt = Field(256, le=4096, description="Number of channels of the last block.")
    temporal_kernel: PositiveInt = Field(
        9, le=1023, description="Kernel size of the convolutions in time, in frames; odd."
    )
    dropout: float = Field(0.5, ge=0, lt=1, description="Dropout at the end of each block but the first.")
    num_classes: int = Field(
        0, le=1_000_000, ge=0, description="Classes of the head; 0 leaves the pooled features."
    )

    @property
    def block_channels(self) -> tuple[int, ...]:
        """Output channels of the ten blocks, doubled at the fifth and the eighth."""
        return (self.width,) * 4 + (2 * self.width,) * 3 + (4 * self.width,) * 2 + (self.num_features,)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.temporal_kernel % 2 == 0:
            raise ValueError(f"temporal_kernel must be odd, got {self.temporal_kernel}")
        if self.centre >= self.joints:
            raise ValueError(f"centre must be one of {self.joints} joints, got {self.centre}")
        for edge in self.edges:
            if max(edge) >= self.joints or edge[0] == edge[1]:
                raise ValueError(f"edges must join two of {self.joints} joints, got {edge}")
        apart = set(range(self.joints)) - set(distances(self.edges, self.centre))
        if apart:
            raise ValueError(f"edges must connect all joints with centre {self.centre}, not {sorted(apart)}")
        return self


def distances(edges: tuple[tuple[int, int], ...], centre: int) -> dict[int, int]:
    """Return for every joint that can be reached from `centre` the number of bones on the way.

    Example:
        >>> distances(((0, 1), (1, 2), (3, 4)), centre=0)
        {0: 0, 1: 1, 2: 2}
    """
    found = {centre: 0}
    for joint in (queue := [centre]):
        for edge in edges:
            if joint in edge:
                neighbour = sum(edge) - joint
                if neighbour not in found:
                    found[neighbour] = found[joint] + 1
                    queue.append(neighbour)
    return found
