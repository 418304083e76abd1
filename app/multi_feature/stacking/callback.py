"""Runs modules of equal structure as one while a composite is trained."""

import logging
from collections.abc import Iterable
from typing import Any

import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.strategies import SingleDeviceStrategy
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer
from typing_extensions import override

from nested_lightning.app.multi_feature.stacking.planning import plan_stacks
from nested_lightning.app.multi_feature.stacking.stack import ModuleStack
from nested_lightning.app.multi_feature.stacking.stacked_optimizer import StackedOptimizer
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
        self.changes.callback(StackedOptimizer(optimizer=optimizer, stacks=self.stacks).release)
        for stack in self.stacks:
            self.changes.callback(stack.release)
            _logger.info("%s: run as one: %s", self._holder, ", ".join(stack.names))

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
