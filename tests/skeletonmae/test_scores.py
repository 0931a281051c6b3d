"""Scores and votes against loops over clips."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skeletonmae import confusion_matrix, fuse_scores, nearest_neighbours

clips = st.tuples(st.integers(1, 30), st.integers(1, 6), st.integers(0, 99))


def draw(case, channels=4):
    count, classes, seed = case
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(count, channels, generator=generator, dtype=torch.float64)
    return x, torch.randint(classes, (count,), generator=generator), classes, generator


@given(clips)
def test_confusion_counts_each_clip_once(case):
    _, labels, classes, generator = draw(case)
    predicted = torch.randint(classes, labels.shape, generator=generator)
    expected = [[0] * classes for _ in range(classes)]
    for label, answer in zip(labels.tolist(), predicted.tolist(), strict=True):
        expected[label][answer] += 1
    assert confusion_matrix(labels, predicted, classes=classes).tolist() == expected


def test_confusion_refuses_classes_that_there_are_not():
    with pytest.raises(ValueError, match="labels must be classes from 0 to 2, got -1 to 1"):
        confusion_matrix(torch.tensor([-1, 1]), torch.tensor([0, 0]), classes=3)
    with pytest.raises(ValueError, match="predicted must be classes from 0 to 2, got 0 to 3"):
        confusion_matrix(torch.tensor([0, 1]), torch.tensor([0, 3]), classes=3)
    with pytest.raises(ValueError, match=r"labels \(2,\) and predicted \(1,\)"):
        confusion_matrix(torch.tensor([0, 1]), torch.tensor([0]), classes=3)


@given(clips, st.integers(1, 8))
def test_neighbours_vote_as_in_a_loop(case, k):
    features, labels, classes, generator = draw(case)
    queries = torch.randn(5, 4, generator=generator, dtype=torch.float64)
    votes = nearest_neighbours(queries, features, labels, classes=classes, k=k, temperature=0.5)
    for query, vote in zip(queries, votes, strict=True):
        similar = [
            float(query @ clip / math.sqrt(float(query @ query) * float(clip @ clip))) for clip in features
        ]
        nearest = sorted(range(len(similar)), key=lambda clip: -similar[clip])[:k]
        expected = [0.0] * classes
        for clip in nearest:
            expected[labels[clip]] += math.exp(similar[clip] / 0.5)
        assert vote.tolist() == pytest.approx([each / sum(expected) for each in expected])


def test_neighbours_of_more_queries_than_a_chunk(monkeypatch):
    features, labels, classes, generator = draw((30, 4, 0))
    queries = torch.randn(7, 4, generator=generator, dtype=torch.float64)
    whole = nearest_neighbours(queries, features, labels, classes=classes, k=3)
    monkeypatch.setattr("skeletonmae.neighbours.CHUNK", 3)
    torch.testing.assert_close(nearest_neighbours(queries, features, labels, classes=classes, k=3), whole)


def test_neighbours_refuse_what_does_not_fit():
    features, labels = torch.randn(3, 4), torch.tensor([0, 1, 1])
    with pytest.raises(ValueError, match=r"got \(2, 5\), \(3, 4\) and \(3,\)"):
        nearest_neighbours(torch.randn(2, 5), features, labels, classes=2)
    with pytest.raises(ValueError, match="k=0"):
        nearest_neighbours(features, features, labels, classes=2, k=0)


@given(clips, st.lists(st.floats(0.1, 5), min_size=1, max_size=4))
def test_fused_scores_are_the_weighted_geometric_mean_of_probabilities(case, weights):
    count, classes, seed = case
    generator = torch.Generator().manual_seed(seed)
    scores = [torch.randn(count, classes, generator=generator, dtype=torch.float64) for _ in weights]
    fused = fuse_scores(scores, weights)
    for clip in range(count):
        products = [0.0] * classes
        for k in range(classes):
            for each, weight in zip(scores, weights, strict=True):
                total = sum(math.exp(score) for score in each[clip].tolist())
                products[k] += weight / sum(weights) * math.log(math.exp(float(each[clip, k])) / total)
        assert fused[clip].tolist() == pytest.approx(products)
    # The order of classes is that of the weighted sum of scores, which is what others publish.
    summed = sum(weight * each for each, weight in zip(scores, weights, strict=True))
    assert torch.equal(fused.argmax(1), summed.argmax(1))


@pytest.mark.parametrize("weights", [[1.0], [1.0, 0.0], [1.0, -1.0, 1.0]])
def test_fusion_refuses_weights_that_do_not_fit(weights):
    with pytest.raises(ValueError, match="weights must be one positive number for each of 2 models"):
        fuse_scores([torch.zeros(2, 3)] * 2, weights)


def test_fusion_refuses_scores_of_other_clips():
    with pytest.raises(ValueError, match=r"\(2, 3\), \(4, 3\)"):
        fuse_scores([torch.zeros(2, 3), torch.zeros(4, 3)])
