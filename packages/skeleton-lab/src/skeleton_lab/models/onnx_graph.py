"""The graph of a `model.onnx`: from clips to scores, around a network that maps single bodies to features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx

Numbers = NDArray[np.float32]
OPSET, IR_VERSION = 18, 9
"""What ONNX Runtime 1.14 and newer read, its web build too."""
BODIES, OF_BODIES = "bodies", "features_of_bodies"
"""Input (B, C, T, V) and output (B, F) of the network of single bodies."""


@dataclass(frozen=True)
class Head:
    """A linear layer on some of the features.

    Attributes:
        features: Number of its features; those of several heads follow each other.
        weight: (K, features).
        bias: (K,).
        fusion_weight: How much its log-probabilities count; None of a single one, whose scores are taken.
    """

    features: int
    weight: Numbers
    bias: Numbers
    fusion_weight: float | None = None


def around_bodies(
    network: onnx.ModelProto,
    absent: Numbers,
    heads: Sequence[Head],
    *,
    clip: tuple[int, int, int, int],
    metadata: Mapping[str, str],
) -> onnx.ModelProto:
    """Return the model on clips.

    Bodies that are there (not all zero) are computed, and no others: the features of an absent body are a
    constant. A body with a joint that is NaN is there, so that the scores become NaN.

    Args:
        network: Maps bodies (B, C, T, V) to features (B, F).
        absent: Features (1, F) of an absent body.
        heads: Of a classifier one, of fused ones several; none of an encoder.
        clip: C, T, V, M.
        metadata: What the file says about itself.
    """
    from onnx import TensorProto, helper

    channels, frames, joints, bodies = clip
    graph = _Graph()
    graph.number("axes", [1, 2, 3], np.int64).number("one", [1], np.int64).number("zero", [0], np.int64)
    graph.number("nothing", [0.0]).number("absent", absent)
    graph.number("each_body", [-1, channels, frames, joints], np.int64)
    graph.number("each_clip", [-1, bodies, absent.shape[1]], np.int64)
    graph.add("Transpose", "clips", into="turned", perm=[0, 4, 1, 2, 3])
    graph.add("Reshape", "turned", "each_body", into="all_bodies")
    graph.add("ReduceL1", "all_bodies", "axes", into="size", keepdims=0)
    graph.add("Equal", "size", "nothing", into="is_absent").add("Not", "is_absent", into="present")
    graph.add("NonZero", "present", into="found").add("Squeeze", "found", "zero", into="kept")
    _add_first_of_nobody(graph)
    graph.add("Gather", "all_bodies", "computed", into=BODIES, axis=0)
    graph.add("Concat", OF_BODIES, "absent", into="known", axis=0)
    graph.add("Cast", "present", into="counted", to=TensorProto.INT64)
    graph.add("CumSum", "counted", "zero", into="order").add("Sub", "order", "one", into="place_if_there")
    graph.add("Shape", "computed", into="last")
    graph.add("Where", "present", "place_if_there", "last", into="place")
    graph.add("Gather", "known", "place", into="of_all_bodies", axis=0)
    graph.add("Reshape", "of_all_bodies", "each_clip", into="of_each_body")
    graph.add("ReduceMean", "of_each_body", "one", into="features", keepdims=0)
    _add_heads(graph, heads)
    outputs = {"features": absent.shape[1]} | ({"scores": len(heads[0].bias)} if heads else {})
    inner = network.graph
    for node in inner.node:  # which tell the folders of this machine
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    first = next(at for at, node in enumerate(graph.nodes) if OF_BODIES in node.input)
    whole = helper.make_graph(
        [*graph.nodes[:first], *inner.node, *graph.nodes[first:]],
        "skeleton_model",
        [helper.make_tensor_value_info("clips", TensorProto.FLOAT, ["clips", *clip])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["clips", size])
            for name, size in outputs.items()
        ],
        [*inner.initializer, *graph.numbers],
    )
    model = helper.make_model(
        whole, opset_imports=list(network.opset_import), ir_version=IR_VERSION, functions=network.functions
    )
    model.producer_name = "skeleton-lab"
    helper.set_model_props(model, dict(metadata))
    return model


def _add_first_of_nobody(graph: _Graph) -> None:
    """Add the bodies that are computed: those that are there, or, where nobody is, the first absent one.

    ONNX Runtime before 1.32 fails at a network of no body; what it says of an absent one is not used.
    """
    graph.add("Shape", "present", into="every").add("Min", "every", "one", into="fewest")
    graph.add("Shape", "kept", into="there").add("Sub", "fewest", "there", into="lacking")
    graph.add("Max", "lacking", "zero", into="added")
    graph.add("Slice", "zero", "zero", "added", "zero", into="first")
    graph.add("Concat", "kept", "first", into="computed", axis=0)


def _add_heads(graph: _Graph, heads: Sequence[Head]) -> None:
    """Add scores (N, K), of several heads the weighted sum of their log-probabilities."""
    start, parts = 0, []
    for number, head in enumerate(heads):
        own, scores = f"features_{number}", f"scores_{number}"
        graph.number(f"weight_{number}", head.weight).number(f"bias_{number}", head.bias)
        if head.fusion_weight is None:
            graph.add("Gemm", "features", "weight_0", "bias_0", into="scores", transB=1)
            return
        graph.number(f"start_{number}", [start], np.int64)
        start += head.features
        graph.number(f"end_{number}", [start], np.int64).number(f"fusion_weight_{number}", head.fusion_weight)
        graph.add("Slice", "features", f"start_{number}", f"end_{number}", "one", into=own)
        graph.add("Gemm", own, f"weight_{number}", f"bias_{number}", into=scores, transB=1)
        graph.add("LogSoftmax", scores, into=f"logarithm_{number}", axis=1)
        parts.append(f"part_{number}")
        graph.add("Mul", f"logarithm_{number}", f"fusion_weight_{number}", into=parts[-1])
    if parts:
        graph.add("Sum", *parts, into="scores")


class _Graph:
    """Nodes and constants, whose names differ from those of the network by a prefix."""

    OPEN = ("clips", "features", "scores", BODIES, OF_BODIES)

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.numbers: list[onnx.TensorProto] = []

    def number(self, name: str, value: object, kind: type = np.float32) -> _Graph:
        from onnx import numpy_helper

        self.numbers.append(numpy_helper.from_array(np.asarray(value, dtype=kind), self._name(name)))
        return self

    def add(self, kind: str, *given: str, into: str, **attributes: Any) -> _Graph:
        from onnx import helper

        inputs = [self._name(name) for name in given]
        self.nodes.append(helper.make_node(kind, inputs, [self._name(into)], **attributes))
        return self

    def _name(self, name: str) -> str:
        return name if name in self.OPEN else f"clip/{name}"
