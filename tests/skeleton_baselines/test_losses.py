"""Losses of CrosSCLR and AimCLR against the published code and against loops."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from skeleton_baselines import View, aimclr, cross_view, crossclr, info_nce

VIEWS = ("joint", "motion", "bone")


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, Tensor]:
    with np.load(shared / "golden" / "contrast_golden.npz", allow_pickle=False) as file:
        return {name: torch.from_numpy(value) for name, value in file.items()}


def assert_equal(found: Tensor, expected: Tensor) -> None:
    assert found.item() == pytest.approx(expected.item(), rel=1e-12)


def unit(*shape: int, seed: int) -> Tensor:
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return F.normalize(noise, dim=-1)


def golden_view(golden: dict[str, Tensor], name: str) -> View:
    return View(*(golden[f"crossclr/{name}/{part}"] for part in ("q", "k", "queue")))


@pytest.mark.parametrize("view", VIEWS)
def test_info_nce_equals_the_published_one(golden: dict[str, Tensor], view: str) -> None:
    assert_equal(info_nce(*golden_view(golden, view)), golden[f"crossclr/{view}/info_nce"])


@pytest.mark.parametrize("top", [1, 3])
@pytest.mark.parametrize("context", [True, False])
def test_crossclr_equals_the_published_one(golden: dict[str, Tensor], top: int, context: bool) -> None:
    losses = crossclr({name: golden_view(golden, name) for name in VIEWS}, top=top, context=context)
    for name in VIEWS:
        assert_equal(losses[name], golden[f"crossclr/cross_top{top}_context{int(context)}/{name}"])


def test_aimclr_equals_the_published_one(golden: dict[str, Tensor]) -> None:
    features = [golden[f"aimclr/{name}"] for name in ("q", "q_extreme", "q_dropped", "k", "queue")]
    losses = aimclr(*features)
    assert_equal(losses.contrast, golden["aimclr/info_nce"])
    assert_equal(losses.extreme, golden["aimclr/ddm_extreme"])
    assert_equal(losses.dropped, golden["aimclr/ddm_dropped"])
    assert_equal(losses.total, golden["aimclr/loss"])


@pytest.mark.parametrize("neighbours", [1, 3])
def test_aimclr_with_neighbours_equals_the_published_one(golden: dict[str, Tensor], neighbours: int) -> None:
    features = [golden[f"aimclr/{name}"] for name in ("q", "q_extreme", "q_dropped", "k", "queue")]
    losses = aimclr(*features, neighbours=neighbours)
    assert_equal(losses.contrast, golden[f"aimclr/nnm_top{neighbours}/loss1"])
    assert_equal(losses.total, golden[f"aimclr/nnm_top{neighbours}/loss"])


def mean_cross_entropy(logits: list[float], positives: set[int]) -> float:
    total = math.log(sum(math.exp(logit) for logit in logits))
    return sum(total - logits[place] for place in positives) / len(positives)


def largest(values: list[float], top: int) -> set[int]:
    return set(sorted(range(len(values)), key=lambda place: -values[place])[:top])


def test_cross_view_equals_loops() -> None:
    clips, depth, keys, tau = 3, 4, 6, 0.2
    view, other = (
        View(unit(clips, depth, seed=s), unit(clips, depth, seed=s + 1), unit(keys, depth, seed=s + 2).T)
        for s in (0, 10)
    )
    for context in (True, False):
        expected = []
        for n in range(clips):
            near = [float(view.query[n] @ view.queue[:, i]) for i in range(keys)]
            other_near = [float(other.query[n] @ other.queue[:, i]) for i in range(keys)]
            logits = [float(view.query[n] @ view.key[n]), *near]
            chosen = largest(other_near, 2)
            positives = {0, *(1 + i for i in chosen)}
            if context:
                logits += [a * b for a, b in zip(near, other_near, strict=True)]
                positives |= {1 + keys + i for i in chosen}
            expected.append(mean_cross_entropy([logit / tau for logit in logits], positives))
        found = cross_view(view, other, top=2, context=context, temperature=tau)
        assert found.item() == pytest.approx(sum(expected) / clips, rel=1e-12)


def test_aimclr_equals_loops() -> None:
    clips, depth, keys, tau = 3, 4, 6, 0.2
    queries = [unit(clips, depth, seed=seed) for seed in (0, 1, 2)]
    key, queue = unit(clips, depth, seed=3), unit(keys, depth, seed=4).T
    contrast, disagreements = [], [0.0, 0.0]
    for n in range(clips):
        logits = [[float(query[n] @ column) / tau for column in (key[n], *queue.T)] for query in queries]
        mined = set.union(*(largest(row[1:], 2) for row in logits))
        contrast.append(mean_cross_entropy(logits[0], {0, *(1 + i for i in mined)}))
        shares = [[math.exp(logit) / sum(map(math.exp, row)) for logit in row] for row in logits]
        for number in (0, 1):
            pairs = zip(shares[0], shares[1 + number], strict=True)
            disagreements[number] -= sum(p * math.log(q) for p, q in pairs) / clips
    losses = aimclr(*queries, key, queue, neighbours=2, temperature=tau)
    assert losses.contrast.item() == pytest.approx(sum(contrast) / clips, rel=1e-12)
    assert [losses.extreme.item(), losses.dropped.item()] == pytest.approx(disagreements, rel=1e-12)


def test_disagreement_does_not_pull_the_normal_query() -> None:
    query, extreme, dropped = (unit(3, 4, seed=seed).requires_grad_() for seed in (0, 1, 2))
    losses = aimclr(query, extreme, dropped, unit(3, 4, seed=3), unit(6, 4, seed=4).T)
    (losses.extreme + losses.dropped).backward(retain_graph=True)
    assert query.grad is None
    assert extreme.grad is not None
    assert dropped.grad is not None
    losses.contrast.backward()
    assert query.grad is not None


def test_disagreement_of_equal_views_is_the_entropy() -> None:
    query, key, queue = unit(3, 4, seed=0), unit(3, 4, seed=1), unit(6, 4, seed=2).T
    losses = aimclr(query, query, query, key, queue)
    logits = torch.cat([(query * key).sum(dim=1, keepdim=True), query @ queue], dim=1) / 0.07
    entropy = torch.distributions.Categorical(logits=logits).entropy().mean()
    torch.testing.assert_close(losses.extreme, entropy)
    torch.testing.assert_close(losses.dropped, entropy)


def test_gradients_are_finite_where_a_softmax_would_underflow() -> None:
    query, opposite = torch.eye(4)[:1], (-torch.eye(4)[:1]).requires_grad_()
    losses = aimclr(query, opposite, opposite, query, query.T.clone(), temperature=0.005)
    losses.total.backward()
    assert losses.total.isfinite()
    assert opposite.grad is not None
    assert opposite.grad.isfinite().all()


def test_length_of_features_does_not_matter() -> None:
    query, key, queue = unit(3, 4, seed=0), unit(3, 4, seed=1), unit(6, 4, seed=2).T
    torch.testing.assert_close(info_nce(5 * query, 0.3 * key, queue), info_nce(query, key, queue))


def test_mixed_precision_does_not_touch_similarities() -> None:
    query, extreme, dropped, key = (unit(4, 8, seed=seed).float() for seed in range(4))
    queue = unit(32, 8, seed=4).float().T
    expected = aimclr(query, extreme, dropped, key, queue, neighbours=1).total
    with torch.autocast("cpu", torch.bfloat16):
        found = aimclr(query, extreme, dropped, key, queue, neighbours=1).total
    assert found.dtype == torch.float32
    assert found.item() == expected.item()


def test_refuses_what_does_not_fit() -> None:
    query, queue = torch.zeros(2, 4), torch.zeros(4, 6)
    with pytest.raises(ValueError, match=r"key must have .* of query, got \(3, 4\) and \(2, 4\)"):
        info_nce(query, torch.zeros(3, 4), queue)
    with pytest.raises(ValueError, match=r"queue .* D = 4 .* \(6, 4\)"):
        info_nce(query, query, queue.T)
    with pytest.raises(ValueError, match="temperature must be above 0, got 0"):
        info_nce(query, query, queue, temperature=0)
    with pytest.raises(ValueError, match="top must be between 1 and the 6 keys of the queue, got 7"):
        aimclr(query, query, query, query, queue, neighbours=7)
    with pytest.raises(ValueError, match="top must be between 1 and the 6 keys of the queue, got 0"):
        crossclr({"joint": View(query, query, queue), "bone": View(query, query, queue)}, top=0)
    with pytest.raises(ValueError, match=r"as many queries and keys in the queue, got \(2, 6\) and \(2, 5\)"):
        cross_view(View(query, query, queue), View(query, query, queue[:, :5]))
    with pytest.raises(ValueError, match=r"views must be at least two, got \['joint'\]"):
        crossclr({"joint": View(query, query, queue)})
