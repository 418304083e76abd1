"""An optimiser that works on the common parameters of stacks, and is saved as one of single parameters."""

from collections.abc import Sequence
from typing import Any

from torch import Size, Tensor, nn
from torch.optim import Optimizer

from nested_lightning.app.multi_feature.stacking.layers import stack_padded
from nested_lightning.app.multi_feature.stacking.stack import ModuleStack, cut


class StackedOptimizer:
    """Puts common parameters in the place of the single ones in an optimiser, with their state.

    A checkpoint is the same whether modules were stacked or not, so that either can go on from it. The
    optimiser treats each number by itself; the parameters of one stack are all in one of its groups.
    """

    def __init__(self, *, optimizer: Optimizer, stacks: Sequence[ModuleStack]) -> None:
        self._optimizer = optimizer
        self._shared = [pair for stack in stacks for pair in stack.shared_parameters()]
        common_of = {single: common for common, singles in self._shared for single in singles}
        self._single_groups = [list(group["params"]) for group in optimizer.param_groups]
        self._common_groups = [
            list(dict.fromkeys(common_of.get(each, each) for each in group)) for group in self._single_groups
        ]
        self._kept: dict[Tensor, Any] = {}
        self._join()
        self._hooks = [
            optimizer.register_state_dict_pre_hook(lambda _: self._split()),
            optimizer.register_state_dict_post_hook(lambda *_: self._return()),
        ]

    def release(self) -> None:
        """Give the optimiser the single parameters back, with their state."""
        self._split()
        for hook in self._hooks:
            hook.remove()

    def _join(self) -> None:
        state = self._optimizer.state
        for common, singles in self._shared:
            entries = [state.pop(single) for single in singles if single in state]
            if len(entries) == len(singles):
                state[common] = {key: _joined([entry[key] for entry in entries]) for key in entries[0]}
        self._set_groups(self._common_groups)

    def _split(self) -> None:
        """Let the optimiser have single parameters, with copies of their parts of the common state."""
        state = self._optimizer.state
        self._kept = {common: state.pop(common) for common, _ in self._shared if common in state}
        for common, singles in self._shared:
            for row, single in enumerate(singles if common in self._kept else ()):
                state[single] = {
                    key: _part(value, row, single.shape) for key, value in self._kept[common].items()
                }
        self._set_groups(self._single_groups)

    def _return(self) -> None:
        """Let the optimiser have the common parameters again, with the state from before `_split`."""
        for _, singles in self._shared:
            for single in singles:
                self._optimizer.state.pop(single, None)
        self._optimizer.state.update(self._kept)
        self._set_groups(self._common_groups)

    def _set_groups(self, groups: Sequence[Sequence[nn.Parameter]]) -> None:
        for group, parameters in zip(self._optimizer.param_groups, groups, strict=True):
            group["params"] = list(parameters)


def _joined(values: Sequence[Any]) -> Any:
    """Return one value for all; of what isn't kept for each number, such as the steps taken, the first."""
    is_of_numbers = isinstance(values[0], Tensor) and values[0].dim() > 0
    return stack_padded(values) if is_of_numbers else values[0]


def _part(value: Any, row: int, shape: Size) -> Any:
    if not isinstance(value, Tensor):
        return value
    return (cut(value[row], shape) if value.dim() else value).clone()
