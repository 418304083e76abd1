"""A tiny exported model of multi-feature, made by hand: a linear layer over raw numbers, and softmax."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from nested_lightning.app.exported.manifest import METADATA_KEY, Graph, Manifest, Port

GROUPS = {"größe": ("w", "h"), "a b": ("x",)}
"""Columns by group."""

WEIGHT = np.array([[1.0, -1.0], [0.5, 0.5], [-2.0, 3.0]], dtype=np.float64)


def data_spec(**more: Any) -> dict[str, Any]:
    """Return the plain data spec of `GROUPS`."""
    columns = {name: [{"name": column} for column in members] for name, members in GROUPS.items()}
    groups = [{"name": name, "sort": "columns", "columns": each} for name, each in columns.items()]
    target = {"kind": "classes", "column": "label", "names": ["no", "yes"], "counts": [3, 4]}
    return {"groups": groups, "target": target, **more}


def write_tiny(
    path: Path, *, inputs: Sequence[str] = ("g0", "g1"), factor: float = 1.0, **changes: Any
) -> Path:
    """Write the model, and return its path.

    Args:
        path: Where.
        inputs: Names of the graph's inputs, which need not be those of the manifest.
        factor: Of the weights.
        **changes: Of the manifest.
    """
    widths = [len(members) for members in GROUPS.values()]
    taken = [
        helper.make_tensor_value_info(name, TensorProto.DOUBLE, ["rows", width])
        for name, width in zip(inputs, widths, strict=True)
    ]
    given = helper.make_tensor_value_info("label", TensorProto.FLOAT, ["rows", 2])
    nodes = [
        helper.make_node("Concat", [*inputs], ["x"], axis=1),
        helper.make_node("MatMul", ["x", "weight"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["shares"], axis=1),
        helper.make_node("Cast", ["shares"], ["label"], to=TensorProto.FLOAT),
    ]
    weight = numpy_helper.from_array(factor * WEIGHT, "weight")
    graph = helper.make_graph(nodes, "model", taken, [given], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    manifest = _manifest(**changes)
    helper.set_model_props(model, {METADATA_KEY: manifest.to_json()})
    onnx.save(model, path)
    return path


def _manifest(**changes: Any) -> Manifest:
    ports = tuple(
        Port(name=f"g{i}", dtype="float64", dims=(None, len(members)), of=name)
        for i, (name, members) in enumerate(GROUPS.items())
    )
    answers = Port(name="label", dtype="float32", dims=(None, 2))
    facts = {
        "family": "multi-feature",
        "graphs": (Graph(name="model", file="", inputs=ports, outputs=(answers,)),),
        "data_spec": data_spec(),
        "predictor": {"decoding": {"threshold": None}},
        "opset": 20,
        "ir_version": 10,
    }
    return Manifest(**{**facts, **changes})


def expected(rows: Sequence[Sequence[float]]) -> Any:
    """Return the probabilities of rows of numbers in the groups' order."""
    logits = np.array(rows) @ WEIGHT
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)
