"""Masks that hide more or less than their config says."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from pydantic import BaseModel

Config = TypeVar("Config", bound="BaseModel")


def scaled(config: Config, factor: float) -> Config:
    """Return the config of a mask with all of its ratios multiplied, for ratios that change over a training.

    A number of frames, joints or tokens in the place of a ratio is multiplied and rounded.

    Args:
        config: Any `MaskConfig`.
        factor: At least 0.

    Raises:
        ValueError: If a ratio would not be at least 0 and below 1; names the field.

    Example:
        >>> from skeleton_mask import SpatialTemporalConfig
        >>> scaled(SpatialTemporalConfig(frame_ratio=0.4, joint_ratio=10), 0.5)
        SpatialTemporalConfig(kind='spatial_temporal', frame_ratio=0.2, joint_ratio=5, joints='random')
        >>> scaled(SpatialTemporalConfig(), 2.0)
        Traceback (most recent call last):
        ValueError: joint_ratio must be at least 0 and below 1, got 0.5 times 2.0
    """
    ratios: dict[str, int | float] = {}
    for field in type(config).model_fields:
        if field.endswith("ratio"):
            given: int | float = getattr(config, field)
            ratios[field] = round(given * factor) if isinstance(given, int) else given * factor
            if factor < 0 or (isinstance(given, float) and ratios[field] >= 1):
                raise ValueError(f"{field} must be at least 0 and below 1, got {given} times {factor}")
    return config.model_copy(update=ratios)
