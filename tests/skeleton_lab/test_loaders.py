"""The order of clips does not depend on the number of processes, nor on where a run was resumed."""

from collections import Counter

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from skeleton_data import balanced_keys
from skeleton_lab.training.class_weights import class_weights, cross_entropy
from skeleton_lab.training.loaders import StepBatches
from skeleton_lab.training.plan import TrainingConfig

sizes = st.tuples(st.integers(4, 60), st.integers(1, 70), st.integers(1, 4), st.integers(0, 3))


def batches(clips, size, seed, **options):
    plan = TrainingConfig(epochs=3, batch_size=size).plan(clips)
    return plan, list(StepBatches(clips, plan, seed=seed, **options))


@given(sizes)
def test_shares_of_all_processes_are_the_batch_of_one(case):
    clips, size, processes, seed = case
    plan, whole = batches(clips, size, seed)
    shares = [batches(clips, size, seed, process=p, processes=processes)[1] for p in range(processes)]
    assert [Counter(key for share in step for key in share) for step in zip(*shares, strict=True)] == [
        Counter(batch) for batch in whole
    ]
    assert {len(batch) for batch in whole} == {plan.batch_size}


@given(sizes)
def test_an_epoch_meets_no_clip_twice_and_misses_less_than_a_batch(case):
    clips, size, _, seed = case
    plan, whole = batches(clips, size, seed)
    assert len(whole) == plan.steps == 3 * plan.steps_per_epoch
    for epoch in range(3):
        steps = whole[epoch * plan.steps_per_epoch :][: plan.steps_per_epoch]
        met = [position for batch in steps for _, position in batch]
        assert {number for batch in steps for number, _ in batch} == {epoch}
        assert len(met) == len(set(met)) > clips - plan.batch_size


def test_a_resumed_run_meets_the_batches_that_were_left():
    plan, whole = batches(23, 5, seed=1)
    for start in range(plan.steps):
        assert batches(23, 5, seed=1, start=start)[1] == whole[start:]


def test_epochs_and_seeds_have_orders_of_their_own():
    _, first = batches(40, 40, seed=0)
    _, second = batches(40, 40, seed=1)
    orders = [tuple(position for _, position in batch) for batch in first + second]
    assert len(set(orders)) == len(orders)


def test_plans():
    few = TrainingConfig(steps=500, batch_size=64).plan(27)
    assert (few.steps, few.batch_size, few.steps_per_epoch, few.eval_every) == (500, 27, 1, 10)
    short = TrainingConfig(steps=40, batch_size=64).plan(640)
    assert (short.steps, short.eval_every) == (40, 10)
    least = TrainingConfig(epochs=4, min_steps=400, batch_size=64)
    assert (least.plan(27).steps, least.plan(27).eval_every) == (400, 8)
    assert (least.plan(64_000).steps, least.plan(64_000).eval_every) == (4000, 1000)
    epochs = TrainingConfig(epochs=4, batch_size=64).plan(200)
    assert (epochs.steps, epochs.batch_size, epochs.steps_per_epoch, epochs.eval_every) == (12, 64, 3, 3)
    assert [done for done in range(1, 13) if epochs.should_evaluate(done)] == [3, 6, 9, 12]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.integers(0, 3), st.integers(0, 9))
def test_balanced_epochs_have_all_classes_alike_and_vary_a_clip_that_comes_again(labels, seed, epoch):
    labels = np.array(labels)
    keys = balanced_keys(labels, seed, epoch)
    counts = Counter(labels[position] for _, position in keys)
    assert len(keys) == len(set(keys)) == len(labels) and max(counts.values()) - min(counts.values()) <= 1
    assert set(counts) <= set(labels)
    assert keys == balanced_keys(labels, seed, epoch)
    for label, count in counts.items():  # no clip comes a third time before all others came twice
        met = Counter(position for _, position in keys if labels[position] == label)
        assert max(met.values()) == -(-count // int((labels == label).sum()))


def test_weighted_classes_count_alike_however_a_batch_is_divided():
    torch.manual_seed(0)
    scores, label = torch.randn(40, 3), torch.tensor([0] * 30 + [1] * 10)
    weight = class_weights([30, 10, 0])
    whole = cross_entropy(scores, label, weight, label_smoothing=0.0)
    of_class = [torch.nn.functional.cross_entropy(scores[label == k], label[label == k]) for k in (0, 1)]
    torch.testing.assert_close(whole, (of_class[0] + of_class[1]) / 2)
    parts = [
        cross_entropy(scores[at], label[at], weight, label_smoothing=0.1) * len(at)
        for at in (torch.arange(7), torch.arange(7, 40))
    ]
    torch.testing.assert_close(sum(parts) / 40, cross_entropy(scores, label, weight, label_smoothing=0.1))
