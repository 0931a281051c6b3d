"""Accuracy against a loop over clips, whoever counts them."""

import math
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skeleton_data import ClipBatch
from skeleton_lab.evaluation.figures import macro_f1, mean_class_accuracy
from skeleton_lab.evaluation.metrics import ClipCounts, evaluate_classifier
from skeleton_lab.evaluation.metrics import test_result as result_of


def slowly(scores, labels):
    order = [sorted(range(len(row)), key=lambda k: -row[k]) for row in scores]
    loss = [
        -row[label] + math.log(sum(math.exp(x) for x in row))
        for row, label in zip(scores, labels, strict=True)
    ]
    return {
        "top1": sum(o[0] == label for o, label in zip(order, labels, strict=True)) / len(labels),
        "top5": sum(label in o[:5] for o, label in zip(order, labels, strict=True)) / len(labels),
        "loss": sum(loss) / len(loss),
    }


@pytest.mark.parametrize("classes", [11, 18])
def test_counts_over_uneven_batches_are_those_of_a_loop(classes):
    generator = torch.Generator().manual_seed(classes)
    scores = torch.randn(53, classes, generator=generator)
    labels = torch.randint(classes, (53,), generator=generator)
    counts = ClipCounts(classes)
    for at in range(0, 53, 8):
        counts.update(scores[at : at + 8], labels[at : at + 8])
    accuracy = counts.accuracy()
    for name, expected in slowly(scores.double().tolist(), labels.tolist()).items():
        assert getattr(accuracy, name) == pytest.approx(expected, abs=1e-6)
    assert accuracy.clips == 53
    for k in range(classes):
        assert sum(accuracy.confusion[k]) == int((labels == k).sum())


def test_a_class_without_clips_has_no_accuracy_and_counts_in_no_mean_of_classes():
    scores, labels = torch.eye(3)[[0, 0, 1]], torch.tensor([0, 0, 0])
    found = result_of(scores, labels, ["a", "b", "c"])
    assert found.per_class == {"a": pytest.approx(2 / 3), "b": None, "c": None}
    assert found.absent == ["b", "c"] and found.mean_class == pytest.approx(2 / 3)
    assert found.macro_f1 == pytest.approx((0.8 + 0) / 2)  # b was answered, c neither there nor answered


@pytest.mark.parametrize(("classes", "reported"), [(10, False), (11, True)])
def test_top5_of_few_classes_is_not_reported(classes, reported):
    scores = torch.eye(classes)
    found = result_of(scores, torch.arange(classes), list(map(str, range(classes))))
    assert (found.top5 is not None) == reported and found.top1 == found.mean_class == found.macro_f1 == 1


@given(st.lists(st.lists(st.integers(0, 4), min_size=4, max_size=4), min_size=4, max_size=4))
def test_means_over_classes_are_those_of_a_loop(confusion):
    answers = [
        (true, predicted)
        for true in range(4)
        for predicted in range(4)
        for _ in range(confusion[true][predicted])
    ]
    if not answers:
        return
    recalls, f1 = [], []
    for k in range(4):
        right = answers.count((k, k))
        true, predicted = (sum(pair[side] == k for pair in answers) for side in (0, 1))
        recalls += [right / true] if true else []
        f1 += [2 * right / (true + predicted)] if true + predicted else []
    assert mean_class_accuracy(confusion) == pytest.approx(sum(recalls) / len(recalls))
    assert macro_f1(confusion) == pytest.approx(sum(f1) / len(f1))


def test_recognition_counts_in_evaluation_mode_and_goes_on_training():
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Dropout(0.9), torch.nn.Linear(4, 2))
    clips = torch.randn(5, 1, 1, 4, 1)
    batches = [
        ClipBatch(clips[:3], torch.zeros(3, dtype=torch.int64), torch.arange(3), clips[:3, 0] != 0),
        ClipBatch(clips[3:], torch.ones(2, dtype=torch.int64), torch.arange(3, 5), clips[3:, 0] != 0),
    ]
    alone = SimpleNamespace(device=torch.device("cpu"), reduce=lambda count, how: count)
    first, second = (evaluate_classifier(model, batches, alone, classes=2) for _ in range(2))
    assert first == second
    assert first.clips == 5
    assert model.training
