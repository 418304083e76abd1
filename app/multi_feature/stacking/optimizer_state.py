"""The state of an optimiser of stacked weights, saved and loaded as that of the single modules.

A checkpoint is the same whether modules were stacked or not, so that either can go on from it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Size, Tensor
from torch.optim import Optimizer

from nested_lightning.app.multi_feature.stacking.layers import stack_padded
from nested_lightning.app.multi_feature.stacking.stack import cut

Shapes = Mapping[str, Size]
"""Shapes of the single parameters in one parameter of the optimiser, by name; one: it isn't stacked."""


class SingleModuleState:
    """Translates an optimiser's state between stacked weights and those of single modules.

    Args:
        groups: What each parameter of the optimiser holds, by the optimiser's groups.
        order: Names of the model's parameters in their order without stacks.
    """

    def __init__(self, *, groups: Sequence[Sequence[Shapes]], order: Sequence[str]) -> None:
        place = {name: number for number, name in enumerate(order)}
        self._held = [shapes for group in groups for shapes in group]
        self._sizes = [len(group) for group in groups]
        self._single_sizes = [sum(len(shapes) for shapes in group) for group in groups]
        names = [
            sorted((name for shapes in group for name in shapes), key=place.__getitem__) for group in groups
        ]
        self._numbers = {
            name: number for number, name in enumerate(name for group in names for name in group)
        }

    def attach(self, optimizer: Optimizer) -> None:
        """Have the optimiser save and load the state of single modules."""
        optimizer.register_state_dict_post_hook(lambda _, state: self.to_single(state))
        optimizer.register_load_state_dict_pre_hook(lambda _, state: self.to_stacked(state))

    def to_single(self, state_dict: Mapping[str, Any]) -> dict[str, Any]:
        """Return a state dict with one entry for each single parameter, in the order without stacks."""
        state = {}
        for index, entry in state_dict["state"].items():
            shapes = self._held[index]
            for row, (name, shape) in enumerate(shapes.items()):
                state[self._numbers[name]] = (
                    {key: _of_member(value, row, shape) for key, value in entry.items()}
                    if len(shapes) > 1
                    else entry
                )
        groups = _renumber(state_dict["param_groups"], self._single_sizes)
        return {**state_dict, "state": dict(sorted(state.items())), "param_groups": groups}

    def to_stacked(self, state_dict: Mapping[str, Any]) -> dict[str, Any]:
        """Return a state dict as the optimiser of stacked weights has it."""
        sizes = [len(group["params"]) for group in state_dict["param_groups"]]
        if sizes != self._single_sizes:
            return dict(state_dict)  # which the optimiser refuses
        state = {}
        for index, shapes in enumerate(self._held):
            numbers = [self._numbers[name] for name in shapes]
            entries = [state_dict["state"][number] for number in numbers if number in state_dict["state"]]
            if len(shapes) == 1 and entries:
                state[index] = entries[0]
            elif len(entries) == len(shapes):
                state[index] = {key: _of_stack([entry[key] for entry in entries]) for key in entries[0]}
        groups = _renumber(state_dict["param_groups"], self._sizes)
        return {**state_dict, "state": state, "param_groups": groups}


def _renumber(groups: Sequence[Mapping[str, Any]], sizes: Sequence[int]) -> list[dict[str, Any]]:
    renumbered, start = [], 0
    for group, size in zip(groups, sizes, strict=True):
        renumbered.append({**group, "params": list(range(start, start + size))})
        start += size
    return renumbered


def _of_member(value: Any, row: int, shape: Size) -> Any:
    """Return a member's part of a value: of one for all, such as the number of steps, the same."""
    if not isinstance(value, Tensor) or value.dim() == 0:
        return value.clone() if isinstance(value, Tensor) else value
    return cut(value[row], shape).clone()


def _of_stack(values: Sequence[Any]) -> Any:
    first = values[0]
    is_shared = not isinstance(first, Tensor) or first.dim() == 0
    return first if is_shared else stack_padded(values)
