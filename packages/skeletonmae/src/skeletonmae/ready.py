"""Pre-trained encoders that come with the package, by their names; no connection is needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sttformer import STTFormer

READY = ("skeletonmae-small",)
"""Names of the encoders. The folder `weights/NAME` has each, with its card, README.md."""


def ready_folder(name: str) -> Path:
    """Return the folder of an encoder that comes with the package.

    It holds `config.json`, `model.safetensors`, `preprocessing.json`, which says what clips go through before
    the encoder sees them, and the card, `README.md`.

    Raises:
        ValueError: If none has this name.

    Example:
        >>> sorted(path.name for path in ready_folder("skeletonmae-small").iterdir())
        ['README.md', 'SHA256SUMS', 'config.json', 'model.safetensors', 'preprocessing.json']
    """
    if name not in READY:
        raise ValueError(f"{name!r} is no encoder of the package; there is {', '.join(READY)}")
    return Path(__file__).parent / "weights" / name


def from_pretrained(name: str) -> STTFormer:
    """Build an encoder that comes with the package, with its weights, in evaluation mode.

    Args:
        name: Its name, one of `READY`.

    Raises:
        ValueError: If none has this name.

    Example:
        >>> import torch
        >>> encoder = from_pretrained("skeletonmae-small")  # 20 joints of the first Kinect, 20 frames
        >>> encoder(torch.zeros(1, 3, 20, 20, 1)).shape  # clips (N, C, T, V, M) to features (N, F)
        torch.Size([1, 64])
    """
    from sttformer import STTFormer

    return STTFormer.from_pretrained(ready_folder(name))
