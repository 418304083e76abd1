"""Several modules of equal structure, run as one.

Shapes: G modules, B rows of a batch, F_g features that module g takes, W the most of them, F_out.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.func import functional_call

from nested_lightning.app.multi_feature.stacking.layers import (
    StackedBatchNorm1d,
    StackedDropout,
    StackedLayerNorm,
    StackedLinear,
    StackedPeriodicEmbedding,
)
from nested_lightning.app.submodules.periodic import PeriodicEmbedding

_STACKED: dict[type[nn.Module], Any] = {
    nn.Linear: StackedLinear,
    nn.BatchNorm1d: StackedBatchNorm1d,
    nn.LayerNorm: StackedLayerNorm,
    nn.Dropout: StackedDropout,
    PeriodicEmbedding: StackedPeriodicEmbedding,
}


class ModuleStack(nn.Module):
    """Modules whose weights lie in common tensors, one for each place in their structure.

    The modules stay where they are. Their weights become views of the common tensors, so that whoever looks
    at them, saves them or loads them meets what is trained.

    Args:
        modules: By name, of equal structure, see `multi_feature.stacking.planning`.
    """

    def __init__(self, modules: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.names = tuple(modules)
        self.members = tuple(modules.values())  # in a tuple, since they are submodules of the composite
        self.widths = [cast(int, member.in_features) for member in self.members]
        self._missing_widths = [max(self.widths) - width for width in self.widths]
        self._filling: tuple[Tensor, ...] = ()
        layers = {
            id(layer): _STACKED[type(layer)]([member.get_submodule(path) for member in self.members])
            for path, layer in self.members[0].named_modules()
            if type(layer) in _STACKED
        }
        self.template: nn.Module = copy.deepcopy(self.members[0], layers)
        common = self.template.state_dict()
        for index, member in enumerate(self.members):
            for name, tensor in member.state_dict(keep_vars=True).items():
                tensor.data = cut(common[name][index], tensor.shape)

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Map G tensors of [B, F_g] to [G, B, F_out]."""
        if self.training != self.members[0].training:
            self.train(self.members[0].training)
        columns = list(inputs)
        if any(self._missing_widths):
            pairs = zip(inputs, self._zeros(like=inputs[0]), strict=True)
            columns = [each for pair in pairs for each in pair]
        x_BGW = torch.cat(columns, dim=1).view(len(inputs[0]), len(inputs), max(self.widths))
        return self.template(x_BGW.transpose(0, 1))

    def vectors(self, inputs: Mapping[str, Tensor | None]) -> Tensor | None:
        """Return the vectors of all modules, [G, B, F_out]; None: an input is missing or of another width.

        ``inputs`` are tensors of [B, F_g] by name, also of modules that aren't in the stack.
        """
        own = [inputs[name] for name in self.names]
        present = [tensor for tensor in own if tensor is not None]
        if [tensor.shape[-1] for tensor in present] != self.widths:
            return None
        vectors: Tensor = self(present)
        return vectors

    def single_vectors(self, inputs: Mapping[str, Tensor | None]) -> dict[str, Tensor]:
        """Return vectors of [B, F_out] by name, computed one by one, of inputs that are there and fit."""
        rows = zip(self.names, self.widths, strict=True)
        return {
            name: functional_call(self.members[index], self._parameters_of(index), (x,))
            for index, (name, width) in enumerate(rows)
            if (x := inputs[name]) is not None and x.shape[-1] == width
        }

    def shared_parameters(self) -> list[tuple[nn.Parameter, list[nn.Parameter]]]:
        """Return each common parameter with those of the modules that are views of it."""
        return [
            (common, [member.get_parameter(name) for member in self.members])
            for name, common in self.template.named_parameters()
        ]

    def release(self) -> None:
        """Give the modules weights of their own, as they are now."""
        for member in self.members:
            for tensor in member.state_dict(keep_vars=True).values():
                tensor.data = tensor.data.clone(memory_format=torch.contiguous_format)

    def _parameters_of(self, index: int) -> dict[str, Tensor]:
        """Return a module's parameters by name, from which gradients flow to the common ones."""
        member = self.members[index]
        return {
            name: cut(common[index], member.get_parameter(name).shape)
            for name, common in self.template.named_parameters()
        }

    def _zeros(self, *, like: Tensor) -> tuple[Tensor, ...]:
        """Return what fills the inputs up, the same tensors as long as batches are of one size."""
        known = self._filling[0] if self._filling else None
        if known is None or (len(known), known.dtype, known.device) != (len(like), like.dtype, like.device):
            zeros = like.new_zeros(len(like), sum(self._missing_widths))
            self._filling = zeros.split(self._missing_widths, 1)
        return self._filling


def cut(tensor: Tensor, shape: torch.Size) -> Tensor:
    """Return the part of a tensor that is no filling: its beginning, of this shape."""
    return tensor if tensor.shape == shape else tensor[..., : shape[-1]]
