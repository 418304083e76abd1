"""Recurrent layers in an exported program: one operator for each layer, which reads any number of steps.

``torch.export`` takes ``nn.LSTM`` and ``nn.GRU`` apart into as many cells as its example has steps, and knows
no packed sequences. Here a layer stays whole: an operator that runs in torch as the layer does, and is
written as ONNX's own. What is packed stays padded, beside its lengths.

Shapes: B sequences, L steps, F features of a step, H hidden features, D directions.
"""

from collections.abc import Mapping
from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from nested_lightning.app.seam.padded_packing import is_step, lengths_of

_RECURRENT: Mapping[type[Any], int] = {nn.LSTM: 2, nn.GRU: 1}
"""How many tensors the state of each kind has."""


@torch.library.custom_op("nested_lightning::read_sequences", mutates_args=())
def read_sequences(x: Tensor, lengths: Tensor, state: list[Tensor], weights: list[Tensor]) -> list[Tensor]:
    """Read padded sequences with one layer, an LSTM's where the state has two tensors, else a GRU's.

    Args:
        x: [B, L, F].
        lengths: Steps of each sequence, int64 of [B].
        state: Each of [D, B, H].
        weights: Of a layer as torch orders them, one direction after the other.

    Returns:
        [B, L, D * H], zeros at padding; and the state after each sequence's last step.
    """
    packed = pack_padded_sequence(x, lengths.clamp(min=1).cpu(), batch_first=True, enforce_sorted=False)
    order, both_ways, has_biases = packed.sorted_indices, len(state[0]) == 2, weights[-1].dim() == 1
    hidden = [one[:, order] for one in state]
    options = (weights, has_biases, 1, 0.0, False, both_ways)
    read, *after = (
        torch.lstm(packed.data, packed.batch_sizes, hidden, *options)
        if len(hidden) == 2
        else torch.gru(packed.data, packed.batch_sizes, hidden[0], *options)
    )
    padded, _ = pad_packed_sequence(
        PackedSequence(read, *packed[1:]), batch_first=True, total_length=x.shape[1]
    )
    return [
        padded.masked_fill(~is_step(x, lengths), 0.0),
        *(one[:, packed.unsorted_indices] for one in after),
    ]


@read_sequences.register_fake
def _shapes(x: Tensor, lengths: Tensor, state: list[Tensor], weights: list[Tensor]) -> list[Tensor]:
    del lengths, weights
    num_directions, _, width = state[0].shape
    read = x.new_empty(x.shape[0], x.shape[1], num_directions * width)
    return [read, *(torch.empty_like(one) for one in state)]


def keep_whole(module: nn.Module) -> None:
    """Let the recurrent layers within a module, which is for an export alone, be read by the operator."""
    for layers in module.modules():
        kind = next((kind for kind in _RECURRENT if type(layers).forward is kind.forward), None)
        if kind is not None and not layers.proj_size:
            layers.forward = MethodType(_forward, layers)


def _forward(layers: Any, given: Any, state: Any = None) -> tuple[Any, Any]:
    """Read as `nn.LSTM` and `nn.GRU` do."""
    if isinstance(given, PackedSequence):
        state = None if state is None else layers.permute_hidden(state, given.sorted_indices)
        read, after = _read(layers, given.data, lengths_of(given.data, given.batch_sizes), state)
        return PackedSequence(read, *given[1:]), layers.permute_hidden(after, given.unsorted_indices)
    x_BLF = given if layers.batch_first else given.transpose(0, 1)
    lengths = torch.full((x_BLF.shape[0],), x_BLF.shape[1], device=x_BLF.device)
    read, after = _read(layers, x_BLF, lengths, state)
    return (read if layers.batch_first else read.transpose(0, 1)), after


def _read(layers: Any, x: Tensor, lengths: Tensor, state: Any) -> tuple[Tensor, Any]:
    directions = ("", "_reverse") if layers.bidirectional else ("",)
    names = ("weight_ih", "weight_hh", *(("bias_ih", "bias_hh") if layers.bias else ()))
    num_tensors = _RECURRENT[nn.LSTM if isinstance(layers, nn.LSTM) else nn.GRU]
    if state is None:
        shape = (len(directions) * layers.num_layers, x.shape[0], layers.hidden_size)
        state = (x.new_zeros(shape),) * num_tensors
    parts = [one.chunk(layers.num_layers) for one in ((state,) if isinstance(state, Tensor) else state)]
    after: list[list[Tensor]] = []
    for number in range(layers.num_layers):
        weights = [getattr(layers, f"{name}_l{number}{way}") for way in directions for name in names]
        x, *last = read_sequences(x, lengths, [part[number] for part in parts], weights)
        after.append(last)
    ends = tuple(torch.cat(tensors) for tensors in zip(*after, strict=True))
    return x, ends if num_tensors == 2 else ends[0]
