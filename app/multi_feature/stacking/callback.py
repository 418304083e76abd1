"""Runs modules of equal structure as one while a composite is trained."""

import logging

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import nn
from torch.optim import SGD, Adam, AdamW
from typing_extensions import override

from nested_lightning.app.multi_feature.stacking.installing import StackedModules
from nested_lightning.app.multi_feature.stacking.planning import plan_stacks
from nested_lightning.app.training.optimization import OptimizerFactory

ELEMENTWISE_OPTIMIZERS = (Adam, AdamW, SGD)
"""Optimisers that treat each number by itself: to them it is all the same what tensor it lies in."""

_logger = logging.getLogger("nested_lightning.stacking")


class ModuleStacking(Callback):
    """Stacks modules of a composite when a training begins, and releases them when it is over.

    In between, the composite's ``stacks`` hold the weights, and a `StackMember` stands in the place of each
    module. Names and shapes in checkpoints, the optimiser's state included, are those of the single modules.

    Args:
        holder: The composite's ``nn.ModuleDict`` of modules that may be stacked, by its name.
        min_size: Modules that make a stack, at least 2; None: nothing is stacked.
        optimizer: Factory of the composite's optimiser.
    """

    def __init__(self, *, holder: str, min_size: int | None, optimizer: OptimizerFactory) -> None:
        self._holder = holder
        self._min_size = min_size
        self._optimizer = optimizer
        self._stacked: StackedModules | None = None

    def plan(self, model: nn.Module) -> list[list[str]]:
        """Return the names of the modules of a composite that a training would stack, for each stack."""
        holder = model.get_submodule(self._holder)
        assert isinstance(holder, nn.ModuleDict)
        if self._min_size is None or len(holder) < self._min_size or not self._is_elementwise():
            return []
        return plan_stacks(dict(holder.items()), min_size=self._min_size, model=model)

    def notes(self, model: nn.Module) -> dict[str, str]:
        """Return what is to be said of the modules that a training would stack, by their paths."""
        return {
            f"{self._holder}.{name}": f"{len(names)} of equal structure are trained as one"
            for names in self.plan(model)
            for name in names
        }

    @override
    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Stack what can be stacked; policies of single submodules were set up before."""
        if stage != "fit":
            return
        if plan := self.plan(pl_module):
            self._stacked = StackedModules(model=pl_module, holder=self._holder, stacks="stacks")
            self._stacked.stack(plan)
            _logger.info("%s: run as one: %s", self._holder, "; ".join(", ".join(names) for names in plan))

    @override
    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Have the optimiser speak of single modules, before its state is restored."""
        if self._stacked is not None:
            for optimizer in trainer.optimizers:
                self._stacked.translate(optimizer)

    @override
    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Give each module its weights back."""
        self._release()

    @override
    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Give each module its weights back."""
        self._release()

    def _release(self) -> None:
        if self._stacked is not None:
            self._stacked.release()
            self._stacked = None

    def _is_elementwise(self) -> bool:
        probe = self._optimizer([nn.Parameter(torch.zeros(1, device="cpu"))])
        return type(probe) in ELEMENTWISE_OPTIMIZERS
