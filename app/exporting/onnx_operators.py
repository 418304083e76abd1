"""What the operators of an exported program are in ONNX, where torch's own translation lacks them."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import torch

from nested_lightning.app.exporting import recurrent_layers  # noqa: F401 # defines the operator

_GATES = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2)}
"""Where ONNX has torch's gates: i, f, g, o there are i, o, f, g here; r, z, n are z, r, n."""


def translations() -> dict[Callable[..., Any], Callable[..., Any]]:
    """Return what writes the nodes of each operator."""
    return {torch.ops.nested_lightning.read_sequences.default: _read_sequences}


def _read_sequences(x: Any, lengths: Any, state: Sequence[Any], weights: Sequence[Any]) -> list[Any]:
    """Write ONNX's LSTM or GRU, whose steps come first, and which reads at least one of each sequence."""
    op: Any = import_module("onnxscript").opset18
    kind, width, num_directions = "LSTM" if len(state) == 2 else "GRU", state[0].shape[2], state[0].shape[0]
    size = len(weights) // num_directions
    ways = [weights[start : start + size] for start in range(0, len(weights), size)]
    stacked = [
        op.Concat(*(op.Unsqueeze(_in_order(op, one, kind, width), [0]) for one in tensors), axis=0)
        for tensors in zip(*ways, strict=True)
    ]
    inputs, recurrent, *biases = stacked
    steps = op.Cast(op.Max(lengths, op.Constant(value_ints=[1])), to=6)
    options: dict[str, Any] = {"direction": "bidirectional" if num_directions == 2 else "forward"}
    if kind == "GRU":
        options["linear_before_reset"] = 1
    read, *after = getattr(op, kind)(
        op.Transpose(x, perm=[1, 0, 2]),
        inputs,
        recurrent,
        op.Concat(*biases, axis=1) if biases else None,
        steps,
        *state,
        hidden_size=width,
        **options,
    )
    rows_first = op.Reshape(op.Transpose(read, perm=[2, 0, 1, 3]), op.Constant(value_ints=[0, 0, -1]))
    places = op.Range(
        op.Constant(value_int=0), op.Squeeze(op.Shape(x, start=1, end=2)), op.Constant(value_int=1)
    )
    is_step = op.Unsqueeze(op.Less(places, op.Unsqueeze(lengths, [1])), [2])
    return [op.Where(is_step, rows_first, op.CastLike(op.Constant(value_float=0.0), rows_first)), *after]


def _in_order(op: Any, weight: Any, kind: str, width: int) -> Any:
    """Return a weight or a bias with ONNX's order of gates."""
    starts = [width * gate for gate in _GATES[kind]]
    bounds = [[op.Constant(value_ints=[at]) for at in (start, start + width, 0)] for start in starts]
    return op.Concat(*(op.Slice(weight, *each) for each in bounds), axis=0)
