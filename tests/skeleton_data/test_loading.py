"""The order of an epoch, and what torch's DataLoader makes of a dataset: workers, ranks, Accelerate."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import BatchSampler, DataLoader, DistributedSampler, WeightedRandomSampler

from skeleton_data import (
    ClipBatch,
    ClipSampling,
    ClipSet,
    EpochSampler,
    SkeletonDataset,
    SkeletonStore,
    StoreWriter,
    layout,
)

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> SkeletonDataset:
    path = tmp_path_factory.mktemp("data") / "small"
    random = np.random.default_rng(0)
    with StoreWriter(path, layout=layout("ntu"), fps=30) as writer:
        for clip in range(11):
            writer.add(random.normal(size=(5 + clip, 1, 25, 3)), name=f"{clip}", label=clip % 3)
    clips = ClipSet(SkeletonStore.open(path), np.arange(11))
    return SkeletonDataset([clips], ClipSampling(frames=8), bodies=1, training=True, seed=3)


@pytest.fixture(scope="module")
def alike(tmp_path_factory) -> SkeletonDataset:
    """Twelve times one clip: two of them are equal only if they were varied alike."""
    path = tmp_path_factory.mktemp("data") / "alike"
    clip = np.random.default_rng(0).normal(size=(9, 1, 25, 3))
    with StoreWriter(path, layout=layout("ntu"), fps=30) as writer:
        for number in range(12):
            writer.add(clip, name=f"{number}")
    clips = ClipSet(SkeletonStore.open(path), np.arange(12))
    return SkeletonDataset([clips], ClipSampling(frames=8), bodies=1, training=True)


def epoch_of(batches: DataLoader) -> tuple[list[int], torch.Tensor]:
    """The order of the clips of one epoch, and all their joints in the order of the dataset."""
    found = list(batches)
    order = torch.cat([batch.clip for batch in found])
    return order.tolist(), torch.cat([batch.joints for batch in found])[order.argsort()]


def distinct(joints: torch.Tensor) -> int:
    return len({clip.numpy().tobytes() for clip in joints})


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


@pytest.mark.parametrize("options", [{}, {"num_workers": 2}, {"num_workers": 2, "persistent_workers": True}])
def test_epochs_of_a_plain_loader_differ_and_are_reproduced(data, options):
    def epochs(seed):
        torch.manual_seed(seed)
        batches = DataLoader(data, 4, shuffle=True, **options)
        return [epoch_of(batches) for _ in range(3)]

    first, again, other = epochs(0), epochs(0), epochs(1)
    for order, joints in [*first, *other]:
        assert sorted(order) == list(range(11)) and joints.shape == (11, 3, 8, 25, 1)
    assert len({tuple(order) for order, _ in [*first, *other]}) == 6
    for clip in range(11):
        assert distinct(torch.stack([joints[clip] for _, joints in [*first, *other]])) == 6
    for (order, joints), (order_again, joints_again) in zip(first, again, strict=True):
        assert order == order_again and torch.equal(joints, joints_again)


@pytest.mark.parametrize("workers", [0, 2])
def test_no_two_clips_are_varied_alike(alike, workers):
    """Neither in two workers or ranks that begin with one seed, nor in two epochs, nor twice in a batch."""
    torch.manual_seed(0)
    batches = DataLoader(alike, 3, shuffle=True, num_workers=workers)
    assert distinct(torch.cat([epoch_of(batches)[1] for _ in range(2)])) == 24
    found = []
    for rank in range(2):
        torch.manual_seed(0)
        share = DistributedSampler(alike, num_replicas=2, rank=rank)
        found += list(DataLoader(alike, 3, sampler=share, num_workers=workers))
    assert sorted(torch.cat([batch.clip for batch in found]).tolist()) == list(range(12))
    assert distinct(torch.cat([batch.joints for batch in found])) == 12
    repeated = WeightedRandomSampler([1.0] + [0.0] * 11, 6)
    assert distinct(next(iter(DataLoader(alike, 6, sampler=repeated))).joints) == 6


def test_spawned_workers_read_the_same(data):
    def epoch(context):
        torch.manual_seed(0)
        return epoch_of(DataLoader(data, 4, shuffle=True, num_workers=1, multiprocessing_context=context))

    (order, joints), (order_spawned, joints_spawned) = epoch("fork"), epoch("spawn")
    assert order == order_spawned and torch.equal(joints, joints_spawned)


def test_batches_are_collated_or_fetched_whole(data):
    keys = list(EpochSampler(11, seed=0, shuffle=False))
    collated = list(DataLoader(data, 4, sampler=keys))
    assert [len(batch.clip) for batch in collated] == [4, 4, 3]
    assert isinstance(collated[0], ClipBatch) and collated[0].joints.shape == (4, 3, 8, 25, 1)
    assert torch.cat([batch.clip for batch in collated]).tolist() == list(range(11))
    whole = list(DataLoader(data, batch_size=None, sampler=BatchSampler(keys, 4, drop_last=False)))
    assert isinstance(whole[0], ClipBatch) and same(collated, whole)
    one = data[(0, 2)]
    assert one.joints.shape == (3, 8, 25, 1) and torch.equal(one.joints, whole[0].joints[2])


def test_keys_of_an_epoch_read_the_same_with_any_workers(data):
    sampler, epochs = EpochSampler(11, seed=3, shuffle=True), []
    for epoch in (0, 1):
        sampler.set_epoch(epoch)
        alone, helped = (list(DataLoader(data, 4, sampler=sampler, num_workers=n)) for n in (0, 2))
        assert same(alone, helped)
        epochs.append(alone)
    assert not same(*epochs)


def test_the_generator_is_used_only_where_a_position_is_varied(data):
    state = torch.get_rng_state()
    data[[(0, 1), (5, 2)]]
    SkeletonDataset(data.sources, data.sampling, bodies=1, training=False)[[0, 1]]
    assert torch.equal(state, torch.get_rng_state())
    data[0]
    assert not torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_accelerate_shares_out_the_batches(data, processes):
    prepare = pytest.importorskip("accelerate.data_loader").prepare_data_loader

    def loader() -> DataLoader:
        return DataLoader(data, 2, sampler=EpochSampler(11, seed=3, shuffle=True))

    shards = [
        prepare(
            loader(), num_processes=processes, process_index=rank, put_on_device=False, even_batches=False
        )
        for rank in range(processes)
    ]
    for epoch in (0, 1):  # Accelerate counts the epochs itself
        whole = loader()
        whole.sampler.set_epoch(epoch)
        expected = list(whole)
        for rank, shard in enumerate(shards):
            assert same(list(shard), expected[rank::processes])
