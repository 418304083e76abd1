"""One injected optimiser, with its injected schedule, for all trainable parameters of a composite."""

from collections.abc import Callable
from typing import Any

from pytorch_lightning import LightningModule
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from nested_lightning.app.training.parameter_groups import build_optimizer
from nested_lightning.app.training.torch_classes import stepping_of

OptimizerFactory = Callable[[Any], Optimizer]
"""Takes the parameters to optimise."""

ScheduleFactory = Callable[[Optimizer, int], LRScheduler | None]
"""Takes the optimiser and the number of its steps in the whole training; None: a constant rate."""


def configure_single_optimizer(
    model: LightningModule, optimizer: OptimizerFactory, schedule: ScheduleFactory
) -> OptimizerLRScheduler:
    """Return what ``configure_optimizers`` gives Lightning, for all parameters that require a gradient.

    A schedule is stepped after each step, unless it says otherwise.
    """
    built = build_optimizer(optimizer, [p for p in model.parameters() if p.requires_grad])
    scheduler = schedule(built, int(model.trainer.estimated_stepping_batches))
    if scheduler is None:
        return built
    config: Any = {"scheduler": scheduler, **stepping_of(scheduler)}
    return {"optimizer": built, "lr_scheduler": config}
