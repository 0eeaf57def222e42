"""A small writer of ONNX graphs: names nodes and initializers, checks and saves."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# The newest that both generations of transformers.js run.
OPSET = 17
IR_VERSION = 8


class Graph:
    """Collects the nodes of one graph. Every method that adds something returns the name of the new value."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def constant(self, value: np.ndarray) -> str:
        name = f"constant_{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def integers(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def op(self, kind: str, *inputs: str, name: str = "", **attributes) -> str:
        output = name or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def split(self, value: str, sizes: list[int], axis: int) -> list[str]:
        outputs = [f"Split_{len(self.nodes)}_{i}" for i in range(len(sizes))]
        self.nodes.append(helper.make_node("Split", [value, self.integers(*sizes)], outputs, axis=axis))
        return outputs

    def save(self, file: Path, name: str, inputs: list, outputs: list) -> None:
        """Writes the model. inputs and outputs: (name, element type, shape), a string in a shape is a dimension that varies."""
        infos = [[helper.make_tensor_value_info(n, t, s) for n, t, s in values] for values in (inputs, outputs)]
        graph = helper.make_graph(self.nodes, name, *infos, self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="distilingual")
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model, full_check=True)
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(file.name + ".part")
        onnx.save(model, part)
        part.replace(file)


FLOAT = TensorProto.FLOAT
INT32 = TensorProto.INT32
INT64 = TensorProto.INT64
