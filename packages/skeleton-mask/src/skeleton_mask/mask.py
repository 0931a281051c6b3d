"""The mask itself: which joints of which frames a model may see."""

from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor


@dataclass(frozen=True, eq=False, init=False)
class Mask:
    """Which joints of which frames are visible, equally many in every clip of a batch.

    Because the number is the same for all clips and known without asking the device, visible tokens pack into
    a dense `(N, L, C)` tensor and nothing waits for the device.

    Args:
        visible: Bool `(N, T, V)`, true where the model may look.
        visible_per_clip: Number of visible tokens `L` in each clip, when it is known. Samplers know it.
            Without it the tokens are counted, which waits for the device. On a CPU they are always counted.

    Raises:
        ValueError: If `visible` is no bool tensor of three axes, if clips differ in their number of visible
            tokens or have another than `visible_per_clip`, or if there is none.

    Attributes:
        visible: Bool `(N, T, V)`.
        visible_per_clip: `L`, the number of visible tokens in each clip.

    Example:
        >>> mask = Mask(torch.tensor([[[True, False, True], [False, False, True]]]))
        >>> mask.shape, mask.visible_per_clip, mask.indices.tolist()
        ((1, 2, 3), 3, [[0, 2, 5]])
        >>> tokens = torch.arange(6.0).reshape(1, 2, 3, 1)
        >>> mask.scatter(mask.gather(tokens), fill=-1.0).flatten().tolist()
        [0.0, -1.0, 2.0, -1.0, -1.0, 5.0]
    """

    visible: Tensor
    visible_per_clip: int

    def __init__(self, visible: Tensor, visible_per_clip: int | None = None) -> None:
        """See the class."""
        if visible.dtype != torch.bool or visible.ndim != 3:
            raise ValueError(
                "visible must be a bool tensor (clips, frames, joints), "
                f"got {str(visible.dtype).removeprefix('torch.')} of shape {tuple(visible.shape)}"
            )
        if visible_per_clip is None or (visible.device.type == "cpu" and not torch.compiler.is_compiling()):
            counted = _count(visible)
            if visible_per_clip not in (None, counted):
                raise ValueError(
                    f"visible_per_clip is {visible_per_clip}, but visible marks {counted} tokens a clip"
                )
            visible_per_clip = counted
        object.__setattr__(self, "visible", visible)
        object.__setattr__(self, "visible_per_clip", visible_per_clip)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Clips, frames and joints `(N, T, V)`."""
        clips, frames, joints = self.visible.shape
        return clips, frames, joints

    @property
    def masked(self) -> Tensor:
        """Which joints of which frames are hidden, bool `(N, T, V)`."""
        return ~self.visible

    @property
    def frames(self) -> Tensor:
        """Frames with at least one visible joint, bool `(N, T)`."""
        return self.visible.any(dim=2)

    @property
    def joints(self) -> Tensor:
        """Joints that are visible in at least one frame, bool `(N, V)`."""
        return self.visible.any(dim=1)

    @property
    def masked_per_clip(self) -> int:
        """Number of masked tokens in each clip."""
        _, frames, joints = self.shape
        return frames * joints - self.visible_per_clip

    @property
    def indices(self) -> Tensor:
        """Indices `t * V + v` of the visible tokens in ascending order, int64 `(N, L)`."""
        # A stable sort and not `nonzero`: the shape of the result is known, so the device is not waited for.
        hidden = rearrange(self.masked, "n t v -> n (t v)").to(torch.uint8)
        return hidden.argsort(dim=1, stable=True)[:, : self.visible_per_clip]

    def gather(self, tokens: Tensor) -> Tensor:
        """Pack the visible tokens of each clip, frame by frame.

        Args:
            tokens: `(N, T, V, C)`.

        Returns:
            `(N, L, C)`.

        Raises:
            ValueError: If `tokens` does not have the clips, frames and joints of the mask.
        """
        if tokens.ndim != 4 or tokens.shape[:3] != self.visible.shape:
            raise ValueError(f"tokens must be {(*self.shape, 'C')} for this mask, got {tuple(tokens.shape)}")
        packed = rearrange(tokens, "n t v c -> (n t v) c").index_select(0, self._rows())
        return rearrange(packed, "(n l) c -> n l c", l=self.visible_per_clip)

    def scatter(self, tokens: Tensor, fill: float | Tensor = 0.0) -> Tensor:
        """Put packed tokens back at their positions, with `fill` at all others.

        Args:
            tokens: Visible tokens `(N, L, C)`, in the order of `gather`.
            fill: A number, or a tensor that expands to `(N, T, V, C)` such as a learned mask token `(C,)`.

        Returns:
            `(N, T, V, C)`.

        Raises:
            ValueError: If `tokens` does not have the clips and visible tokens of the mask.
        """
        clips, frames, joints = self.shape
        expected = (clips, self.visible_per_clip)
        if tokens.ndim != 3 or tokens.shape[:2] != expected:
            raise ValueError(f"tokens must be {(*expected, 'C')} for this mask, got {tuple(tokens.shape)}")
        background = fill.to(tokens.dtype) if isinstance(fill, Tensor) else tokens.new_full((), fill)
        dense = rearrange(background.expand(clips, frames, joints, tokens.shape[2]), "n t v c -> (n t v) c")
        dense = dense.index_copy(0, self._rows(), rearrange(tokens, "n l c -> (n l) c"))
        return rearrange(dense, "(n t v) c -> n t v c", t=frames, v=joints)

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> "Mask":
        """Return the mask on another device."""
        return Mask(self.visible.to(device, non_blocking=non_blocking), self.visible_per_clip)

    def _rows(self) -> Tensor:
        """Return the numbers of the visible tokens among the tokens of the whole batch, `(N * L,)`."""
        clips, frames, joints = self.shape
        first = torch.arange(clips, device=self.visible.device) * (frames * joints)
        return rearrange(first[:, None] + self.indices, "n l -> (n l)")


def lowest(keys: Tensor, count: int) -> Tensor:
    """Mark the `count` smallest entries along the last axis; ties go to the first, so the number is exact."""
    smallest = keys.argsort(dim=-1, stable=True)[..., :count]
    return torch.zeros_like(keys, dtype=torch.bool).scatter(-1, smallest, True)


def _count(visible: Tensor) -> int:
    if not visible.numel():
        raise ValueError(f"visible must hold a clip, a frame and a joint, got {tuple(visible.shape)}")
    counts = visible.sum(dim=(1, 2))
    fewest, most = int(counts.min()), int(counts.max())
    if fewest != most:
        raise ValueError(f"visible must mark the same number of tokens in every clip, got {fewest} to {most}")
    if most == 0:
        raise ValueError("visible must mark at least one token in every clip, got a mask that hides all")
    return most
