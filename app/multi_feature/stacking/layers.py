"""Layers of several modules in one: the same layer of G modules, each with weights of its own.

Shapes: G modules, B rows of a batch, F_in and F_out features. Between the layers a tensor is [G, B, F]; in
memory its features come before its rows, as batched products and batch normalisation want it.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nested_lightning.app.submodules.periodic import PeriodicEmbedding, embed

_NUM_DRAWS = 2**16


class StackedLayer(nn.Module):
    """The weights of G layers in common tensors, under the names that they have in each.

    Args:
        layers: All alike, but for the width of the input, which is filled up with zeros.

    Attributes:
        names: Parameters of such a layer, whose last dimension is the input's.
    """

    names: ClassVar[Sequence[str]] = ("weight", "bias")
    weight: nn.Parameter | None
    bias: nn.Parameter | None

    def __init__(self, layers: Sequence[Any]) -> None:
        super().__init__()
        for name in self.names:
            own = [getattr(layer, name) for layer in layers]
            self.register_parameter(name, None if own[0] is None else nn.Parameter(stack_padded(own)))
        for name, _ in layers[0].named_buffers():
            self.register_buffer(name, torch.stack([getattr(layer, name) for layer in layers]))


class StackedLinear(StackedLayer):
    """G fully connected layers as one batched product."""

    weight: nn.Parameter

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x`` of [G, B, F_in] to [G, B, F_out]."""
        if self.bias is None:
            return torch.bmm(self.weight, x.mT).mT
        return torch.baddbmm(self.bias.unsqueeze(2), self.weight, x.mT).mT


class StackedBatchNorm1d(StackedLayer):
    """G batch normalisations with running statistics and a momentum, each over the rows of its own module."""

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def __init__(self, layers: Sequence[nn.BatchNorm1d]) -> None:
        super().__init__(layers)
        self.eps, self.momentum = layers[0].eps, layers[0].momentum or 0.0

    def forward(self, x: Tensor) -> Tensor:
        """Normalise ``x`` of [G, B, F]."""
        if self.training:
            self.num_batches_tracked.add_(1)
        x_GFB = x.mT
        normal = F.batch_norm(
            x_GFB.reshape(1, -1, x.shape[1]),
            self.running_mean.flatten(),
            self.running_var.flatten(),
            None if self.weight is None else self.weight.flatten(),
            None if self.bias is None else self.bias.flatten(),
            self.training,
            self.momentum,
            self.eps,
        )
        return normal.view(x_GFB.shape).mT


class StackedLayerNorm(StackedLayer):
    """G layer normalisations over the features."""

    def __init__(self, layers: Sequence[nn.LayerNorm]) -> None:
        super().__init__(layers)
        self.normalized_shape, self.eps = layers[0].normalized_shape, layers[0].eps

    def forward(self, x: Tensor) -> Tensor:
        """Normalise ``x`` of [G, B, F]."""
        y = F.layer_norm(x, self.normalized_shape, eps=self.eps)
        if self.weight is not None:
            y = y * self.weight.unsqueeze(1)
        return y if self.bias is None else y + self.bias.unsqueeze(1)


class StackedPeriodicEmbedding(StackedLayer):
    """G embeddings; columns that fill an input up become zeros."""

    names = PeriodicEmbedding.names

    def forward(self, x: Tensor) -> Tensor:
        """Embed ``x`` of [G, B, F_in]."""
        return embed(x, *(getattr(self, name) for name in self.names))


class StackedDropout(nn.Module):
    """Dropout that draws 16 bits for a number, on a CPU some four times faster than torch's.

    Args:
        layers: All alike; a share is kept up to 1/65,536, and the rest scaled by what is kept.
    """

    def __init__(self, layers: Sequence[nn.Dropout]) -> None:
        super().__init__()
        self.p = layers[0].p
        self._num_dropped = round(self.p * _NUM_DRAWS)

    def forward(self, x: Tensor) -> Tensor:
        """Set numbers of ``x`` to zero in training, and scale the others."""
        if not self.training or self._num_dropped in (0, _NUM_DRAWS) or x.device.type != "cpu":
            return F.dropout(x, self.p, self.training)
        words = torch.empty((x.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
        draws = words.view(torch.int16)[: x.numel()].view(x.shape)
        kept = draws.ge(self._num_dropped - _NUM_DRAWS // 2).to(x.dtype)
        return x * kept.mul_(_NUM_DRAWS / (_NUM_DRAWS - self._num_dropped))


def stack_padded(tensors: Sequence[Tensor]) -> Tensor:
    """Return detached tensors under each other, those with a shorter last dimension filled up with zeros."""
    width = max(tensor.shape[-1] for tensor in tensors)
    return torch.stack([F.pad(tensor.detach(), (0, width - tensor.shape[-1])) for tensor in tensors])
