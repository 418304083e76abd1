"""Recurrent layers over padded sequences, both ways, without packing them.

Packed sequences of different lengths take torch on a CPU longer than padded ones, above all in the backward
pass. Padding stands behind the steps, so reading forwards no step sees it; to be read backwards,
each sequence is turned around on its own.

Shapes: B sequences, L steps, F features of a step, H hidden features of a direction.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


def read_both_ways(layers: nn.LSTM | nn.GRU, x: Tensor, mask: Tensor) -> Tensor:
    """Return what bidirectional layers give for packed sequences; zeros at padding.

    Elsewhere than on a CPU the sequences are packed.

    Args:
        layers: Bidirectional, ``batch_first``, without projections.
        x: [B, L, F], float.
        mask: [B, L], bool, False at padding, which stands behind the steps.

    Returns:
        [B, L, 2H].
    """
    if x.device.type != "cpu":
        return _read_packed(layers, x, mask)
    turned_BL = _turned_around(mask)
    for number in range(layers.num_layers):
        if number and layers.dropout:
            x = F.dropout(x, layers.dropout, layers.training)
        forwards = _read(layers, x, f"l{number}")
        backwards = _read(layers, _gather(x, turned_BL), f"l{number}_reverse")
        x = torch.cat([forwards, _gather(backwards, turned_BL)], dim=2)
    return x.masked_fill(~mask.unsqueeze(2), 0.0)


def _read_packed(layers: nn.LSTM | nn.GRU, x: Tensor, mask: Tensor) -> Tensor:
    packed = pack_padded_sequence(x, mask.sum(dim=1).cpu(), batch_first=True, enforce_sorted=False)
    return pad_packed_sequence(layers(packed)[0], batch_first=True, total_length=x.shape[1])[0]


def _turned_around(mask: Tensor) -> Tensor:
    """Return for each step the place of the step that takes its turn, int64 of [B, L]; padding stays."""
    order_L = torch.arange(mask.shape[1], device=mask.device)
    return torch.where(mask, mask.sum(dim=1, keepdim=True) - 1 - order_L, order_L)


def _gather(x: Tensor, places: Tensor) -> Tensor:
    return x.gather(1, places.unsqueeze(2).expand(-1, -1, x.shape[2]))


def _read(layers: nn.LSTM | nn.GRU, x: Tensor, direction: str) -> Tensor:
    """Read in one direction with the weights of one layer."""
    names = ("weight_ih", "weight_hh", *(("bias_ih", "bias_hh") if layers.bias else ()))
    weights = [getattr(layers, f"{name}_{direction}") for name in names]
    hidden = x.new_zeros(1, len(x), layers.hidden_size)
    options = (weights, layers.bias, 1, 0.0, layers.training, False, True)
    if isinstance(layers, nn.LSTM):
        return torch.lstm(x, (hidden, hidden), *options)[0]
    return torch.gru(x, hidden, *options)[0]
