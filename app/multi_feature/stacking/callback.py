"""Runs modules of equal structure as one, and their optimiser, while a composite is trained."""

import logging
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.strategies import SingleDeviceStrategy
from torch import Size, Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer
from typing_extensions import override

from nested_lightning.app.multi_feature.stacking.layers import stack_padded
from nested_lightning.app.multi_feature.stacking.planning import plan_stacks
from nested_lightning.app.multi_feature.stacking.stack import ModuleStack, cut
from nested_lightning.app.training.epoch_callback import TemporaryChange
from nested_lightning.app.training.optimization import OptimizerFactory

ELEMENTWISE_OPTIMIZERS = (Adam, AdamW, SGD)
"""Optimisers that treat each number by itself: to them it is all the same what tensor it lies in."""

_logger = logging.getLogger("nested_lightning.stacking")


class ModuleStacking(TemporaryChange):
    """Stacks modules of a composite while it is trained on one device.

    Names and shapes in checkpoints, the optimiser's state included, are those of the single modules.

    Args:
        holder: The composite's ``nn.ModuleDict`` of modules that may be stacked, by its name.
        min_size: Modules that make a stack, at least 2; None: nothing is stacked.
        optimizer: Factory of the composite's optimiser.

    Attributes:
        stacks: What computes several of the modules as one, during a training.
    """

    def __init__(self, *, holder: str, min_size: int | None, optimizer: OptimizerFactory) -> None:
        self._holder = holder
        self._min_size = min_size
        self._optimizer = optimizer
        self.stacks: list[ModuleStack] = []

    def plan(self, model: nn.Module) -> list[list[str]]:
        """Return the names of the modules of a composite that a training would stack, for each stack."""
        modules = self._modules(model)
        if self._min_size is None or len(modules) < self._min_size or not self._is_elementwise():
            return []
        return plan_stacks(modules, min_size=self._min_size, model=model)

    def notes(self, model: nn.Module) -> dict[str, str]:
        """Return notes on the modules that a training would stack, by their paths."""
        return {
            f"{self._holder}.{name}": f"{len(names)} of equal structure are trained as one"
            for names in self.plan(model)
            for name in names
        }

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stack what can be stacked, after all state was restored."""
        if type(trainer.strategy) is not SingleDeviceStrategy or len(trainer.optimizers) != 1:
            return
        modules, optimizer = self._modules(pl_module), trainer.optimizers[0]
        sets = [{name: modules[name] for name in names} for names in self.plan(pl_module)]
        self.stacks = [ModuleStack(each) for each in sets if _are_grouped_alike(each.values(), optimizer)]
        self.changes.callback(self.stacks.clear)
        for stack in self.stacks:
            self.changes.callback(stack.release)
            _logger.info("%s: run as one: %s", self._holder, ", ".join(stack.names))
        self.changes.callback(StackedOptimizer(optimizer=optimizer, stacks=self.stacks).release)

    @override
    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Save the weights of single modules, not views of the common ones."""
        if self.stacks:
            checkpoint["state_dict"] = {
                name: tensor.clone(memory_format=torch.contiguous_format)
                for name, tensor in checkpoint["state_dict"].items()
            }

    def _modules(self, model: nn.Module) -> dict[str, nn.Module]:
        return dict(model.get_submodule(self._holder).named_children())

    def _is_elementwise(self) -> bool:
        probe = self._optimizer([nn.Parameter(torch.zeros(1, device="cpu"))])
        return type(probe) in ELEMENTWISE_OPTIMIZERS


def _are_grouped_alike(modules: Iterable[nn.Module], optimizer: Optimizer) -> bool:
    """Return whether corresponding parameters of the modules are in the same group of the optimiser."""
    group_of = {
        each: number for number, group in enumerate(optimizer.param_groups) for each in group["params"]
    }
    return len({tuple(map(group_of.get, module.parameters())) for module in modules}) == 1


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
