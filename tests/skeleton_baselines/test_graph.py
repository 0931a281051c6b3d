"""The graph: analytic cases, and the partition spelled out."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skeleton_baselines import STGCNConfig, spatial_graph


def test_chain_around_its_middle() -> None:
    # 0 - 1 - 2 with centre 1: the ends have two neighbours (with themselves), the middle three.
    half, third = 1 / 2, 1 / 3
    itself = [[half, 0, 0], [0, third, 0], [0, 0, half]]
    farther = [[0, third, 0], [0, 0, 0], [0, third, 0]]
    nearer = [[0, 0, 0], [half, 0, half], [0, 0, 0]]
    graph = spatial_graph(((0, 1), (2, 1)), joints=3, centre=1)
    torch.testing.assert_close(graph, torch.tensor([itself, farther, nearer]))


def test_equally_far_neighbours_are_not_nearer() -> None:
    # A triangle 1 - 2 on a stem 0: joints 1 and 2 are both one bone from the centre 0.
    graph = spatial_graph(((0, 1), (0, 2), (1, 2)), joints=3, centre=0)
    assert graph[1, 1, 2] == graph[1, 2, 1] == pytest.approx(1 / 3)
    assert graph[2, 1, 2] == graph[2, 2, 1] == 0


def test_distance_is_told_apart_up_to_the_limit() -> None:
    chain = ((0, 1), (1, 2), (2, 3), (3, 4))
    for hops, told_apart in [(1, 2), (2, 3), (3, 4), (None, 4)]:
        graph = spatial_graph(chain, joints=5, centre=0, centre_hops=hops)
        nearer = [bool(graph[2, joint, joint + 1] > 0) for joint in range(4)]
        assert nearer == [joint < told_apart for joint in range(4)]


@st.composite
def trees(draw: st.DrawFn) -> tuple[tuple[tuple[int, int], ...], int, int]:
    joints = draw(st.integers(1, 12))
    edges = tuple((joint, draw(st.integers(0, joint - 1))) for joint in range(1, joints))
    return edges, joints, draw(st.integers(0, joints - 1))


@given(trees(), st.sampled_from([1, 2, None]))
def test_partition_of_any_tree(
    tree: tuple[tuple[tuple[int, int], ...], int, int], centre_hops: int | None
) -> None:
    edges, joints, centre = tree
    graph = spatial_graph(edges, joints=joints, centre=centre, centre_hops=centre_hops)
    assert graph.shape == (3, joints, joints)
    # Subsets do not overlap, together they are the bones and the joints themselves, and columns sum to one.
    assert ((graph > 0).sum(dim=0) <= 1).all()
    pairs = {(v, w) for v, w in (graph.sum(dim=0) > 0).nonzero().tolist()}
    assert pairs == {*edges, *((w, v) for v, w in edges), *((v, v) for v in range(joints))}
    torch.testing.assert_close(graph.sum(dim=(0, 1)), torch.ones(joints))
    # Distances by walking: in a tree the nearer end of every bone is unique.
    steps = torch.full((joints,), 99)
    steps[centre] = 0
    for _ in range(joints):
        for v, w in edges:
            steps[v], steps[w] = min(steps[v], steps[w] + 1), min(steps[w], steps[v] + 1)
    for v, w in [*edges, *((w, v) for v, w in edges)]:
        told_apart = centre_hops is None or min(steps[v], steps[w]) <= centre_hops
        subset = 2 if steps[v] < steps[w] and told_apart else 1
        assert graph[subset, v, w] > 0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"joints": 3, "edges": [(0, 1)], "centre": 0},
            r"connect all joints with centre 0, not \[2\]",
        ),
        ({"joints": 3, "edges": [(0, 3)], "centre": 0}, r"edges must join two of 3 joints, got \(0, 3\)"),
        (
            {"joints": 2, "edges": [(0, 1), (1, 1)], "centre": 0},
            r"must join two of 2 joints, got \(1, 1\)",
        ),
        ({"joints": 2, "edges": [(0, 1)], "centre": 2}, "centre must be one of 2 joints, got 2"),
        ({"joints": 20}, "centre must be one of 20 joints, got 20"),
        ({"temporal_kernel": 4}, "temporal_kernel must be odd, got 4"),
        ({"layout": "ntu"}, "layout"),
    ],
)
def test_refuses_what_is_no_skeleton(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        STGCNConfig.model_validate(fields)


def test_every_field_is_described() -> None:
    assert all(field.description for field in STGCNConfig.model_fields.values())
