"""What all composites share: injected optimiser and schedule, and the recipe in their checkpoints."""

from collections.abc import Callable, Iterable
from typing import Any

from pytorch_lightning import LightningModule
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from app.checkpoints.recipe import CHECKPOINT_KEY, Recipe

OptimizerFactory = Callable[[Iterable[nn.Parameter]], Optimizer]
"""Takes the parameters to optimise."""

ScheduleFactory = Callable[[Optimizer, int], LRScheduler | None]
"""Takes the optimiser and the number of its steps in the whole training; None: a constant rate."""


class Composite(LightningModule):
    """A Lightning module that conducts injected submodules.

    Args:
        optimizer: Factory of the optimiser.
        schedule: Factory of the learning-rate schedule, stepped after each optimiser step.
        recipe: What is written into each checkpoint, so that the file is enough to build this again;
            None: the checkpoint holds weights alone.
    """

    def __init__(
        self, *, optimizer: OptimizerFactory, schedule: ScheduleFactory, recipe: Recipe | None = None
    ) -> None:
        super().__init__()
        self._optimizer_factory = optimizer
        self._schedule_factory = schedule
        self.recipe = recipe

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Build the optimiser of all trainable parameters, and its schedule."""
        optimizer = self._optimizer_factory(p for p in self.parameters() if p.requires_grad)
        num_steps = int(self.trainer.estimated_stepping_batches)
        schedule = self._schedule_factory(optimizer, num_steps)
        if schedule is None:
            return optimizer
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Write the recipe into the checkpoint."""
        if self.recipe is not None:
            checkpoint[CHECKPOINT_KEY] = self.recipe.to_dict()
