"""Momentum contrast against a slow reference: a list for the queue, a loop for the momentum."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from skeleton_baselines import KeyQueue, MoCo, MoCoConfig, info_nce


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class Encoder(nn.Module):
    """Any encoder will do: clips `(N, C, T, V, M)` to `(N, 6)`."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 6)
        self.norm = nn.BatchNorm1d(6)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.linear(x.mean(dim=(2, 3, 4))))


def small(**changes: object) -> MoCo:
    torch.manual_seed(0)
    config = MoCoConfig(**{"queue_size": 10, "channels": 4, "momentum": 0.9} | changes)
    return MoCo(Encoder(), config, features=6, generator=seeded())


@given(st.integers(1, 7), st.lists(st.integers(1, 9), max_size=6))
def test_queue_is_a_ring(size: int, batches: list[int]) -> None:
    queue = KeyQueue(size, 3, generator=seeded())
    ring, place = list(queue.keys.T.clone()), 0
    for number, batch in enumerate(batches):
        keys = torch.randn(batch, 3, generator=seeded(number))
        queue.push(keys)
        for key in keys:
            ring[place] = key / key.norm()
            place = (place + 1) % size
    torch.testing.assert_close(queue.keys, torch.stack(ring, dim=1))
    assert queue.place.item() == place


def test_queue_begins_with_random_keys_of_unit_length() -> None:
    keys = KeyQueue(500, 8, generator=seeded(3)).keys
    torch.testing.assert_close(keys.norm(dim=0), torch.ones(500))
    assert keys.mean().item() == pytest.approx(0, abs=0.05)
    assert torch.equal(keys, KeyQueue(500, 8, generator=seeded(3)).keys)
    assert not torch.equal(keys, KeyQueue(500, 8, generator=seeded(4)).keys)


def test_the_queue_takes_keys_of_any_precision() -> None:
    queue = KeyQueue(4, 2, generator=seeded())
    queue.push(torch.tensor([[3.0, 4.0]], dtype=torch.bfloat16))
    assert queue.keys.dtype == torch.float32
    assert queue.keys[:, 0].tolist() == pytest.approx([0.6, 0.8])


def test_key_encoder_begins_as_a_copy_without_gradient() -> None:
    moco = small()
    pairs = [(moco.encoder, moco.key_encoder), (moco.head, moco.key_head)]
    for trained, copy in pairs:
        for (name, ours), theirs in zip(trained.named_parameters(), copy.parameters(), strict=True):
            assert torch.equal(ours, theirs), name
            assert ours is not theirs
            assert (ours.requires_grad, theirs.requires_grad) == (True, False)


def test_key_encoder_follows_by_its_momentum() -> None:
    moco = small()
    with torch.no_grad():
        for parameter in moco.parameters():
            parameter.add_(torch.randn_like(parameter))
    before = {name: value.clone() for name, value in moco.named_parameters()}
    moco.follow()
    for name, value in moco.named_parameters():
        expected = before[name]
        if name.startswith("key_"):
            trained = before[name.removeprefix("key_")]
            expected = 0.9 * expected + 0.1 * trained
        torch.testing.assert_close(value, expected, msg=name)


def test_training_equals_a_slow_reference() -> None:
    """Three steps of plain gradient descent, the loss and the queue written as loops over clips."""
    moco, slow = small(momentum=0.7), small(momentum=0.7)
    optimizer = torch.optim.SGD([p for p in moco.parameters() if p.requires_grad], lr=0.5)
    ring, place = [*slow.queue.keys.T.clone()], 0
    for step in range(3):
        x, other = torch.randn(2, 4, 3, 5, 6, 1, generator=seeded(step))

        moco.follow()
        query, key = moco.query(x), moco.key(other)
        loss = info_nce(query, key, moco.queue.keys.clone(), temperature=0.2)
        moco.queue.push(key)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

        copies = [*slow.key_encoder.parameters(), *slow.key_head.parameters()]
        trained = [*slow.encoder.parameters(), *slow.head.parameters()]
        for theirs, ours in zip(copies, trained, strict=True):
            theirs.data = 0.7 * theirs.data + 0.3 * ours.data
        with torch.no_grad():
            keys = F.normalize(slow.key_head(slow.key_encoder(other)), dim=1)
        slow_loss = torch.zeros(())
        for q, k in zip(F.normalize(slow.head(slow.encoder(x)), dim=1), keys, strict=True):
            logits = torch.stack([q @ k, *(q @ old for old in ring)]) / 0.2
            slow_loss = slow_loss - logits[0] + logits.logsumexp(0)
        slow_loss = slow_loss / 4
        for key in keys:
            ring[place], place = key, (place + 1) % 10
        for ours, gradient in zip(trained, torch.autograd.grad(slow_loss, trained), strict=True):
            ours.data -= 0.5 * gradient

        torch.testing.assert_close(loss, slow_loss)
        torch.testing.assert_close(moco.queue.keys, torch.stack(ring, dim=1))
    for ours, theirs in zip(moco.parameters(), slow.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_state_dict_holds_all_that_is_needed_to_go_on() -> None:
    moco, other = small(), small(queue_size=10)
    moco.queue.push(torch.randn(7, 4))
    moco.query(torch.randn(4, 3, 5, 6, 1)).sum().backward()
    with torch.no_grad():
        moco.encoder.linear.weight.add_(1)
    moco.follow()
    other.load_state_dict(moco.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(moco.parameters(), other.parameters(), strict=True))
    assert torch.equal(moco.queue.keys, other.queue.keys)
    assert other.queue.place.item() == 7


def test_head_is_that_of_the_papers() -> None:
    moco = MoCo(Encoder(), MoCoConfig(queue_size=2), features=6, generator=seeded())
    shapes = [tuple(parameter.shape) for parameter in moco.head.parameters()]
    assert shapes == [(6, 6), (6,), (128, 6), (128,)]
    x = torch.randn(2, 6)
    expected = F.linear(F.linear(x, moco.head[0].weight).relu(), moco.head[2].weight)
    torch.testing.assert_close(moco.head(x), expected)
    assert moco.head[2].weight.std().item() == pytest.approx(0.02, rel=0.15)


def test_at_the_start_loss_is_that_of_chance() -> None:
    moco = MoCo(Encoder(), MoCoConfig(queue_size=512, channels=64), features=6, generator=seeded())
    noise = torch.randn(32, 64, generator=seeded(1))
    loss = info_nce(noise, torch.randn(32, 64, generator=seeded(2)), moco.queue.keys, temperature=1.0)
    assert loss.item() == pytest.approx(math.log(513), abs=0.1)
