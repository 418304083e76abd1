"""Recurrent layers over padded sequences, both ways, without packing them.

Packed sequences of different lengths take torch on a CPU longer than padded ones, above all in the backward
pass. Padding stands after the steps, so reading forwards no step sees it; to be read backwards,
each sequence is turned around on its own. In training on one thread, the two directions are computed at the
same time where there is much to compute.

Shapes: B sequences, L steps, F features of a step, H hidden features of a direction.
"""

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from nested_lightning.app.submodules.side_by_side import compute_side_by_side, has_core_to_spare

MIN_VALUES_SIDE_BY_SIDE = 2**16
"""Hidden values of one direction, of all sequences and steps: with fewer, handing them to another thread
costs more than it saves."""


def read_both_ways(layers: nn.LSTM | nn.GRU, x: Tensor, mask: Tensor | None) -> Tensor:
    """Return what bidirectional layers give for packed sequences; zeros at padding.

    Elsewhere than on a CPU, and in an export, the sequences are packed.

    Args:
        layers: Bidirectional, ``batch_first``, without projections.
        x: [B, L, F], float.
        mask: [B, L], bool, False at padding, which stands after the steps; None: no padding.

    Returns:
        [B, L, 2H].
    """
    if x.device.type != "cpu" or torch.compiler.is_exporting():
        return read_packed(layers, x, mask)[0]
    is_much = _pays_side_by_side(layers, x)
    # Dropout is always drawn below, so that what is drawn doesn't depend on how many cores there are.
    has_draws = layers.training and layers.dropout > 0 and layers.num_layers > 1
    if mask is None and not (is_much or has_draws):
        return layers(x)[0]
    mask_BL = torch.ones(x.shape[:2], dtype=torch.bool) if mask is None else mask
    turned_BL = _turned_around(mask_BL)
    for number in range(layers.num_layers):
        if number and layers.dropout:
            x = F.dropout(x, layers.dropout, layers.training)
        onwards = x, *_weights(layers, f"l{number}")
        back = _gather(x, turned_BL), *_weights(layers, f"l{number}_reverse")
        if is_much:
            forwards, backwards = compute_side_by_side(partial(_read, layers), onwards, back)
        else:
            forwards, backwards = _read(layers, *onwards), _read(layers, *back)
        x = torch.cat([forwards, _gather(backwards, turned_BL)], dim=2)
    return x if mask is None else x.masked_fill(~mask.unsqueeze(2), 0.0)


def read_packed(
    layers: nn.LSTM | nn.GRU, x: Tensor, mask: Tensor | None, hidden: Any = None
) -> tuple[Tensor, Any]:
    """Return what layers give for packed sequences of [B, L, F], zeros at padding, and their last state."""
    if mask is None:
        return layers(x, hidden)
    packed = pack_padded_sequence(x, mask.sum(dim=1).cpu(), batch_first=True, enforce_sorted=False)
    read, hidden = layers(packed, hidden)
    return pad_packed_sequence(read, batch_first=True, total_length=x.shape[1])[0], hidden


def _turned_around(mask: Tensor) -> Tensor:
    """Return for each step the place of the step that takes its turn, int64 of [B, L]; padding stays."""
    order_L = torch.arange(mask.shape[1], device=mask.device)
    return torch.where(mask, mask.sum(dim=1, keepdim=True) - 1 - order_L, order_L)


def _gather(x: Tensor, places: Tensor) -> Tensor:
    return x.gather(1, places.unsqueeze(2).expand(-1, -1, x.shape[2]))


def _pays_side_by_side(layers: nn.LSTM | nn.GRU, x: Tensor) -> bool:
    num_values = x.shape[0] * x.shape[1] * layers.hidden_size
    return (
        torch.is_grad_enabled()
        and num_values >= MIN_VALUES_SIDE_BY_SIDE
        and not torch.compiler.is_compiling()
        and has_core_to_spare()
    )


def _weights(layers: nn.LSTM | nn.GRU, direction: str) -> list[Tensor]:
    names = ("weight_ih", "weight_hh", *(("bias_ih", "bias_hh") if layers.bias else ()))
    return [getattr(layers, f"{name}_{direction}") for name in names]


def _read(layers: nn.LSTM | nn.GRU, x: Tensor, *weights: Tensor) -> Tensor:
    """Read in one direction with the weights of one layer."""
    hidden = x.new_zeros(1, len(x), layers.hidden_size)
    options = (weights, layers.bias, 1, 0.0, layers.training, False, True)
    if isinstance(layers, nn.LSTM):
        return torch.lstm(x, (hidden, hidden), *options)[0]
    return torch.gru(x, hidden, *options)[0]
