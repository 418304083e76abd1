"""Several modules of equal structure, run as one.

Shapes: G modules, B rows of a batch, F_g features that module g takes, W the most of them, F_out.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.func import functional_call
from typing_extensions import override

from nested_lightning.app.multi_feature.stacking.layers import (
    StackedBatchNorm1d,
    StackedDropout,
    StackedLayerNorm,
    StackedLinear,
)

_STACKED: dict[type[nn.Module], Any] = {
    nn.Linear: StackedLinear,
    nn.BatchNorm1d: StackedBatchNorm1d,
    nn.LayerNorm: StackedLayerNorm,
    nn.Dropout: StackedDropout,
}


class ModuleStack(nn.Module):
    """Modules whose weights lie in common tensors, one for each place in their structure.

    It keeps out of state dicts: a `StackMember` in each module's own place stands there for its weights.

    Args:
        modules: By name, of equal structure, see `multi_feature.stacking.structure`; left as they are.
    """

    def __init__(self, modules: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.names = tuple(modules)
        members = list(modules.values())
        self.widths = [cast(int, member.in_features) for member in members]
        self._missing_widths = [max(self.widths) - width for width in self.widths]
        self._filling: tuple[Tensor, ...] = ()
        self._shapes = [
            {key: tensor.shape for key, tensor in member.state_dict().items()} for member in members
        ]
        layers = {
            id(layer): _STACKED[type(layer)]([member.get_submodule(path) for member in members])
            for path, layer in members[0].named_modules()
            if type(layer) in _STACKED
        }
        self.template: nn.Module = copy.deepcopy(members[0], layers)
        self.register_load_state_dict_pre_hook(_miss_nothing)  # type: ignore[no-untyped-call]
        self._owners = [
            (name, self.template.get_submodule(name.rpartition(".")[0]), name.rpartition(".")[2])
            for name in self._shapes[0]
        ]

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Map G tensors of [B, F_g] to [G, B, F_out]."""
        columns = list(inputs)
        if any(self._missing_widths):
            pairs = zip(inputs, self._zeros(like=inputs[0]), strict=True)
            columns = [each for pair in pairs for each in pair]
        x_BGW = torch.cat(columns, dim=1).view(len(inputs[0]), len(inputs), max(self.widths))
        return self.template(x_BGW.transpose(0, 1))

    def _zeros(self, *, like: Tensor) -> tuple[Tensor, ...]:
        """Return what fills the inputs up, the same tensors as long as batches are of one size."""
        known = self._filling[0] if self._filling else None
        if known is None or (len(known), known.dtype, known.device) != (len(like), like.dtype, like.device):
            zeros = like.new_zeros(len(like), sum(self._missing_widths))
            self._filling = zeros.split(self._missing_widths, 1)
        return self._filling

    def vectors(self, inputs: Mapping[str, Tensor | None]) -> Tensor | None:
        """Return the vectors of all modules, [G, B, F_out].

        Args:
            inputs: Tensors of [B, F_g] by name, also of modules that aren't in the stack.

        Returns:
            None, where an input is missing or of another width: then each module has to see to its own.
        """
        own = [inputs[name] for name in self.names]
        present = [tensor for tensor in own if tensor is not None]
        if [tensor.shape[-1] for tensor in present] != self.widths:
            return None
        vectors: Tensor = self(present)
        return vectors

    def tensors_of(self, index: int) -> dict[str, Tensor]:
        """Return the weights and buffers of one module, as views of the common ones, by their names in it."""
        shapes = self._shapes[index]
        return {name: cut(getattr(owner, key)[index], shapes[name]) for name, owner, key in self._owners}

    @override
    def state_dict(
        self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> Any:
        """Return what was gathered so far: the members are saved in their own places."""
        return {} if destination is None else destination


def _miss_nothing(stack: nn.Module, state_dict: dict[str, Any], prefix: str, *_args: Any) -> None:
    """Let nothing be missed when a stack is loaded: its members are loaded in their own places."""
    common = {**dict(stack.named_parameters()), **dict(stack.named_buffers())}
    state_dict.update({f"{prefix}{name}": tensor.detach() for name, tensor in common.items()})


class StackMember(nn.Module):
    """Stands in the place of a module that is in a stack: saves, loads and computes with its weights there.

    Args:
        module: The module itself, which keeps the weights that it had.
        stack: Where its weights are.
        index: Its number in the stack.
    """

    def __init__(self, *, module: nn.Module, stack: ModuleStack, index: int) -> None:
        super().__init__()
        self._place = (stack, index)  # in a tuple, since the stack is a submodule of the composite
        self._module = (module,)
        self.in_features = module.in_features
        if hasattr(module, "out_features"):
            self.out_features = module.out_features
        self.register_state_dict_post_hook(_save_member)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_pre_hook(_load_member)  # type: ignore[no-untyped-call]

    @property
    def tensors(self) -> dict[str, Tensor]:
        """Weights and buffers by their names in the module, as views of the stack's."""
        stack, index = self._place
        return stack.tensors_of(index)

    def forward(self, x: Tensor) -> Tensor:
        """Compute what the module alone computes."""
        module = self._module[0].train(self.training)
        return functional_call(module, self.tensors, (x,))

    def release(self) -> nn.Module:
        """Return the module itself, with the weights that it has in the stack."""
        module = self._module[0]
        for parameter in module.parameters():
            parameter.grad = None
        tensors = self.tensors
        reference = next(tensor for tensor in tensors.values() if tensor.is_floating_point())
        module.to(reference)
        module.load_state_dict(tensors)
        return module.train(self.training)


def _save_member(member: nn.Module, state_dict: dict[str, Any], prefix: str, _metadata: Any) -> None:
    """Write a member's weights into a state under their names in the module that it stands for."""
    assert isinstance(member, StackMember)
    state_dict.update({prefix + name: tensor.detach().clone() for name, tensor in member.tensors.items()})


def _load_member(
    member: nn.Module,
    state_dict: dict[str, Any],
    prefix: str,
    _metadata: Any,
    _strict: bool,
    missing_keys: list[str],
    _unexpected_keys: list[str],
    error_msgs: list[str],
) -> None:
    """Take a member's weights out of a state."""
    assert isinstance(member, StackMember)
    for name, tensor in member.tensors.items():
        given = state_dict.pop(prefix + name, None)
        if given is None:
            missing_keys.append(prefix + name)
        elif given.shape != tensor.shape:
            error_msgs.append(
                f"size mismatch for {prefix}{name}: {tuple(given.shape)} in the checkpoint, "
                f"{tuple(tensor.shape)} in the model"
            )
        else:
            tensor.detach().copy_(given)


def cut(tensor: Tensor, shape: torch.Size) -> Tensor:
    """Return the part of a tensor that is no filling: its beginning, of this shape."""
    return tensor if tensor.shape == shape else tensor[..., : shape[-1]]
