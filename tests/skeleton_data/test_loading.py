"""The order of an epoch, and DataLoaders with workers and under Accelerate."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skeleton_data import SkeletonStore, StoreWriter
from skeleton_data.dataset.dataset import ClipBatch, ClipSet, SkeletonDataset
from skeleton_data.dataset.loading import EpochSampler, loader
from skeleton_data.layouts.layout import layout
from skeleton_data.transforms.sampling import ClipSampling


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> SkeletonDataset:
    path = tmp_path_factory.mktemp("data") / "small"
    random = np.random.default_rng(0)
    with StoreWriter(path, layout=layout("ntu"), fps=30) as writer:
        for clip in range(11):
            writer.add(random.normal(size=(5 + clip, 1, 25, 3)), name=f"{clip}", label=clip % 3)
    clips = ClipSet(SkeletonStore.open(path), np.arange(11))
    return SkeletonDataset([clips], ClipSampling(frames=8), bodies=1, training=True, seed=3)


def same(one: list[ClipBatch], other: list[ClipBatch]) -> bool:
    flat = [[tensor for batch in batches for tensor in batch] for batches in (one, other)]
    return len(flat[0]) == len(flat[1]) and all(map(torch.equal, *flat))


@given(st.integers(1, 50), st.integers(0, 2**31), st.integers(0, 1000))
def test_an_epoch_holds_every_position_once(count, seed, epoch):
    sampler = EpochSampler(count, seed=seed, shuffle=True)
    sampler.set_epoch(epoch)
    keys = list(sampler)
    assert keys == list(sampler) and len(keys) == len(sampler) == count
    assert {key[0] for key in keys} == {epoch} and sorted(key[1] for key in keys) == list(range(count))
    assert all(type(number) is int for key in keys for number in key)


def test_epochs_differ():
    sampler, orders = EpochSampler(30, seed=0, shuffle=True), set()
    for epoch in range(5):
        sampler.set_epoch(epoch)
        orders.add(tuple(position for _, position in sampler))
    assert len(orders) == 5
    assert [position for _, position in EpochSampler(4, seed=0, shuffle=False)] == [0, 1, 2, 3]


def test_batches_are_fetched_whole(data):
    batches = list(loader(data, 4, shuffle=False))
    assert [len(batch.clip) for batch in batches] == [4, 4, 3]
    assert isinstance(batches[0], ClipBatch) and batches[0].joints.shape == (4, 3, 8, 25, 1)
    assert torch.cat([batch.clip for batch in batches]).tolist() == list(range(11))
    assert len(list(loader(data, 4, shuffle=True, drop_last=True))) == 2
    with pytest.raises(ValueError, match="drop_last leaves nothing of 11 clips at batch_size 12"):
        loader(data, 12, shuffle=True, drop_last=True)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_workers_read_the_same_in_every_epoch(data):
    alone, helped = loader(data, 4, shuffle=True), loader(data, 4, shuffle=True, workers=2)
    epochs = []
    for epoch in (0, 1):
        for each in (alone, helped):
            each.sampler.set_epoch(epoch)
        epochs.append(list(alone))
        assert same(epochs[-1], list(helped))
    assert not same(*epochs)


def test_the_global_generator_is_left_alone(data):
    state = torch.get_rng_state()
    list(loader(data, 4, shuffle=True))
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_accelerate_shares_out_the_batches(data, processes):
    prepare = pytest.importorskip("accelerate.data_loader").prepare_data_loader
    shards = [
        prepare(
            loader(data, 2, shuffle=True),
            num_processes=processes,
            process_index=rank,
            put_on_device=False,
            even_batches=False,
        )
        for rank in range(processes)
    ]
    for epoch in (0, 1):  # Accelerate counts the epochs itself
        whole = loader(data, 2, shuffle=True)
        whole.sampler.set_epoch(epoch)
        expected = list(whole)
        for rank, shard in enumerate(shards):
            assert same(list(shard), expected[rank::processes])
