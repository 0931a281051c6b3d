"""Which of the joints that an encoder has weights for a clip has."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator


class JointSubset(BaseModel):
    """The joints of a clip, and the index of each in the skeleton that the weights are for.

    Without `joint_indices` both are the same. With them, an encoder that was pre-trained on the 33 joints of
    a common skeleton takes the 20 of a Kinect: each joint has the position codes, attention weights and
    neighbours of its own index. The other joints are as masked ones in pre-training, so that no number
    stands for a joint that is not there.

    Raises:
        ValueError: The indices are not one for each joint, all different and below `joint_count`.

    Example:
        >>> JointSubset(joints=2, joint_indices=(4, 0), joint_count=5).skeleton_joints
        5
        >>> JointSubset(joints=20).skeleton_joints
        20
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    joints: PositiveInt = Field(
        25, le=1024, description="Number of joints of a skeleton, V; commands take it from the data."
    )
    joint_indices: tuple[int, ...] | None = Field(
        None,
        max_length=1024,
        description="Index of each joint among the `joint_count` joints that the encoder was pre-trained on; "
        "commands find it by the names of the joints (default: all joints, in their order).",
    )
    joint_count: PositiveInt | None = Field(
        None,
        le=1024,
        description="Number of joints that the encoder was pre-trained on, with `joint_indices`.",
    )

    @model_validator(mode="after")
    def _indices_are_of_joints(self) -> Self:
        if (self.joint_indices is None) != (self.joint_count is None):
            raise ValueError("joint_indices and joint_count belong together: give both or neither")
        if self.joint_indices is None or self.joint_count is None:
            return self
        indices, count = self.joint_indices, self.joint_count
        if len(set(indices)) != self.joints or len(indices) != self.joints:
            raise ValueError(f"joint_indices must be {self.joints} different numbers, one for each joint")
        if not all(0 <= index < count for index in indices):
            raise ValueError(
                f"joint_indices must be from 0 to {count - 1}, got {min(indices)} to {max(indices)}"
            )
        return self

    @property
    def skeleton_joints(self) -> int:
        """Joints of the skeleton that the weights are for."""
        return self.joint_count or self.joints
