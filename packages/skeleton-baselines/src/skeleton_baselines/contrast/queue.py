"""The queue of keys that momentum contrast compares with."""

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional as F


class KeyQueue(nn.Module):
    """A ring of the keys seen last, one for all processes.

    It begins with random keys. In a process group every process pushes its own keys, receives those of all
    others, and holds the same queue, whatever the number of keys that each brings. The queue is part of the
    state dict.

    Args:
        size: Number of keys, Q.
        channels: Channels of a key, D.
        generator: Draws the first keys; processes must give it the same seed.

    Attributes:
        keys: `(D, Q)`, each of unit length.
        place: Where the next key goes, int64 scalar.

    References:
        He et al., "Momentum Contrast for Unsupervised Visual Representation Learning" (2020), section 3.2.

    Example:
        >>> queue = KeyQueue(4, 2, generator=torch.Generator().manual_seed(0))
        >>> queue.push(torch.tensor([[3.0, 4.0], [0.0, 1.0]]))
        >>> queue.keys[:, :2], queue.place.item()
        (tensor([[0.6000, 0.0000],
                [0.8000, 1.0000]]), 2)
    """

    keys: Tensor
    place: Tensor

    def __init__(self, size: int, channels: int, *, generator: torch.Generator) -> None:
        super().__init__()
        keys = torch.randn(channels, size, generator=generator, device=generator.device)
        self.register_buffer("keys", F.normalize(keys, dim=0))
        self.register_buffer("place", torch.zeros((), dtype=torch.int64, device=generator.device))

    @torch.no_grad()
    def push(self, keys: Tensor) -> None:
        """Put the keys `(n, D)` of all processes, at unit length, in the place of the oldest."""
        keys = gather_rows(F.normalize(keys.to(self.keys), dim=1))
        size = self.keys.shape[1]
        columns = (self.place + torch.arange(len(keys), device=keys.device)) % size
        self.keys.index_copy_(1, columns[-size:], keys[-size:].T)
        self.place.copy_((self.place + len(keys)) % size)


def gather_rows(rows: Tensor) -> Tensor:
    """Return rows `(n, D)` of all processes `(N, D)`, in order of rank; n may differ between them.

    Without a process group they are the rows of this one. No gradient passes.

    Example:
        >>> gather_rows(torch.ones(2, 3)).shape
        torch.Size([2, 3])
    """
    if not distributed.is_available() or not distributed.is_initialized():
        return rows.detach()
    processes = distributed.get_world_size()
    own = torch.tensor([len(rows)], device=rows.device)
    counts = [torch.empty_like(own) for _ in range(processes)]
    distributed.all_gather(counts, own)
    numbers = torch.cat(counts).tolist()
    padded = rows.new_zeros(max(numbers), rows.shape[1])
    padded[: len(rows)] = rows.detach()
    gathered = [torch.empty_like(padded) for _ in range(processes)]
    distributed.all_gather(gathered, padded)
    return torch.cat([part[:number] for part, number in zip(gathered, numbers, strict=True)])
