#!/usr/bin/env bash
# onnxruntime 1.30.0 refuses an empty batch of a valid model: at its default level of optimisation it puts a Reshape to
# [0, -1, 4, 4, 8] before the sum of two convolutions, and -1 has no meaning beside a 0.
# Expected: an empty answer, as with the level ORT_ENABLE_EXTENDED, without optimisation, and by onnxruntime 1.32.0.
# Exits with 0 while that is so, with 1 when it has changed. It needs an x86 processor with AVX.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cat > "$folder/empty.py" <<'PYTHON'
import sys
import numpy as np, onnx, onnxruntime as ort
from onnx import TensorProto, helper

FLOAT, SHAPE = TensorProto.FLOAT, [16, 4, 4]
clips, sums = (helper.make_tensor_value_info(name, FLOAT, ["n", *SHAPE]) for name in ("clips", "sums"))
same = helper.make_tensor("same", TensorProto.INT64, [4], [-1, *SHAPE])
weight = helper.make_tensor("weight", FLOAT, [16, 16, 1, 1], np.full(256, 1 / 16, np.float32))
nodes = [
    helper.make_node("Conv", ["clips", "weight"], ["one"]),
    helper.make_node("Reshape", ["clips", "same"], ["again"]),
    helper.make_node("Conv", ["again", "weight"], ["other"]),
    helper.make_node("Add", ["one", "other"], ["sums"]),
]
graph = helper.make_graph(nodes, "graph", [clips], [sums], [same, weight])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
model.ir_version = 8
onnx.checker.check_model(model, full_check=True)


def answer(level, count):
    options = ort.SessionOptions()
    options.log_severity_level, options.graph_optimization_level = 4, level
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    try:
        return str(session.run(None, {"clips": np.ones((count, *SHAPE), np.float32)})[0].shape)
    except Exception as error:
        return f"{type(error).__name__}: {str(error).strip().partition('. ')[2]}"


levels = ort.GraphOptimizationLevel
told = [answer(level, 0) for level in (levels.ORT_DISABLE_ALL, levels.ORT_ENABLE_EXTENDED, levels.ORT_ENABLE_ALL)]
print(f"onnxruntime {ort.__version__}, 0 clips: not optimised {told[0]}, extended {told[1]}, default {told[2]}")
print(f"onnxruntime {ort.__version__}, 1 clip: default {answer(levels.ORT_ENABLE_ALL, 1)}")
empty, refused = "(0, 16, 4, 4)", sys.argv[1] == "refused"
sys.exit(0 if told[:2] == [empty] * 2 and (told[2] != empty and "{0,-1,4,4,8}" in told[2]) == refused else 1)
PYTHON
for version in 1.30.0 1.32.0; do
  python3 -m venv "$folder/$version"
  "$folder/$version/bin/pip" install --quiet onnxruntime==$version onnx==1.19.1 numpy==2.4.6
done
"$folder/1.30.0/bin/python" "$folder/empty.py" refused
"$folder/1.32.0/bin/python" "$folder/empty.py" answered
