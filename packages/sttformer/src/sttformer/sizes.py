"""Named sizes of STTFormer."""

from typing import TYPE_CHECKING, Any, Literal

from .config import STTFormerConfig

if TYPE_CHECKING:
    from .model import STTFormer

Size = Literal["tiny", "small", "base"]

SIZES: dict[Size, STTFormerConfig] = {
    "tiny": STTFormerConfig(width=16, blocks=((16, 4), (32, 8), (32, 8), (64, 16)), tuple_frames=5),
    "small": STTFormerConfig(
        width=32, blocks=((32, 8), (32, 8), (64, 16), (64, 16), (128, 32), (128, 32)), tuple_frames=5
    ),
    "base": STTFormerConfig(),
}
"""`base` is the published model; `tiny` and `small` train on a laptop."""


def create(size: Size, **changes: Any) -> "STTFormer":
    """Build an STTFormer of a named size.

    Args:
        size: "tiny", "small" or "base".
        **changes: Fields of `STTFormerConfig` that differ from the named size.

    Raises:
        ValueError: If the size is unknown, or a field is unknown or out of range.

    Example:
        >>> model = create("tiny", joints=20, tuple_frames=2, num_classes=27)
        >>> model.num_features
        64
    """
    from .model import STTFormer

    if size not in SIZES:
        raise ValueError(f"size must be one of {', '.join(SIZES)}, got {size!r}")
    return STTFormer(STTFormerConfig(**{**SIZES[size].model_dump(), **changes}))
