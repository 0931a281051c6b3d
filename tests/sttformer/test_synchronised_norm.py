"""BatchNorm whose rows are divided over processes, against one process that has all rows."""

import threading
from types import SimpleNamespace

import pytest
import torch

from sttformer import norm
from sttformer.norm import Repeated, TokenBatchNorm

THREE = 3


class Processes:
    """Stands in for `torch.distributed`: threads that exchange tensors."""

    def __init__(self, count):
        self.count, self.barrier, self.own = count, threading.Barrier(count), threading.local()
        self.sent = [None] * count

    def everybody(self, tensor):
        self.sent[self.own.rank] = tensor.clone()
        self.barrier.wait(timeout=60)
        sent = list(self.sent)
        self.barrier.wait(timeout=60)
        return sent

    def all_gather(self, received, tensor):
        for place, sent in zip(received, self.everybody(tensor), strict=True):
            place.copy_(sent)

    def all_reduce(self, tensor):
        tensor.copy_(torch.stack(self.everybody(tensor)).sum(0))

    def module(self):
        return SimpleNamespace(
            is_initialized=lambda: True,
            get_world_size=lambda: self.count,
            all_gather=self.all_gather,
            all_reduce=self.all_reduce,
        )

    def run(self, work):
        """Results of `work(rank)` in every thread; backward runs in the thread that calls it."""
        results = [None] * self.count

        def begin(rank):
            self.own.rank = rank
            results[rank] = work(rank)

        threads = [threading.Thread(target=begin, args=(rank,)) for rank in range(self.count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        return results


def normed(rows, coefficients, repeated=None, *, synchronised=False):
    """Output, gradients of rows (P, C), weight and bias, and the layer, after a step of training."""
    layer = TokenBatchNorm(rows.shape[1]).double()
    layer.synchronised = synchronised
    with torch.no_grad():
        layer.weight.copy_(torch.linspace(0.5, 2, rows.shape[1]))
    rows = rows.clone().requires_grad_()
    y = layer(rows, repeated)
    (y * coefficients).sum().backward()
    return y.detach(), rows.grad, layer.weight.grad, layer.bias.grad, layer


@pytest.mark.parametrize("copies", [1, 4])
def test_rows_divided_over_processes_are_normalised_as_one_batch(monkeypatch, copies):
    generator = torch.Generator().manual_seed(copies)
    shares = [torch.randn(rows, 5, dtype=torch.float64, generator=generator) + rows for rows in (7, 2, 12)]
    factors = [torch.randn(share.shape, dtype=torch.float64, generator=generator) for share in shares]
    # The last two rows of the first and the last process stand for several; the other has none of them.
    repeated = [Repeated(rows=2, copies=copies), None, Repeated(rows=2, copies=copies)]
    written_out = [
        torch.cat([share, *[share[-2:]] * (copies - 1)]) if several else share
        for share, several in zip(shares, repeated, strict=True)
    ]
    # The gradient of a row that stands for k is that of all k: the factor of one is shared by its copies.
    spread = [
        torch.cat([factor[:-2], *[factor[-2:] / copies] * copies]) if several else factor
        for factor, several in zip(factors, repeated, strict=True)
    ]
    whole = normed(torch.cat(written_out), torch.cat(spread))

    processes = Processes(THREE)
    monkeypatch.setattr(norm, "dist", processes.module())
    parts = processes.run(lambda rank: normed(shares[rank], factors[rank], repeated[rank], synchronised=True))
    at = 0
    for share, part, out in zip(shares, parts, written_out, strict=True):
        torch.testing.assert_close(part[0], whole[0][at : at + len(share)])
        gradient = whole[1][at : at + len(share)].clone()
        if len(out) > len(share):
            gradient[-2:] += whole[1][at + len(share) : at + len(out)].view(-1, 2, 5).sum(0)
        torch.testing.assert_close(part[1], gradient)
        at += len(out)
        torch.testing.assert_close(part[4].running_mean, whole[4].running_mean)
        torch.testing.assert_close(part[4].running_var, whole[4].running_var)
    for gradient in (2, 3):
        torch.testing.assert_close(sum(part[gradient] for part in parts), whole[gradient])


def test_processes_keep_to_themselves_unless_told(monkeypatch):
    rows = torch.randn(6, 3, dtype=torch.float64)
    alone = normed(rows, torch.ones_like(rows))
    monkeypatch.setattr(norm, "dist", Processes(2).module())  # where nobody else would answer
    apart = normed(rows, torch.ones_like(rows))
    torch.testing.assert_close(apart[0], alone[0])
    layer = TokenBatchNorm(3).double().eval()
    layer.synchronised = True
    torch.testing.assert_close(layer(rows), rows / (1 + layer.eps) ** 0.5)
