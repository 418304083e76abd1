"""Several optimisers in one composite, one for each component, in manual optimisation."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from torch import Tensor, nn
from torch.optim import LBFGS, Optimizer
from torch.optim.lr_scheduler import LRScheduler

from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.errors import UserError
from nested_lightning.app.processes import average_gradients
from nested_lightning.app.training.optimization import OptimizerFactory, ScheduleFactory
from nested_lightning.app.training.parameter_groups import build_optimizer
from nested_lightning.app.training.torch_classes import stepping_of


@dataclass(frozen=True, kw_only=True)
class Component:
    """A part of a composite, by its path there, e.g. ``vaes.3``, that has an optimiser of its own."""

    path: str
    module: nn.Module
    optimizer: OptimizerFactory
    schedule: ScheduleFactory

    @property
    def parameters(self) -> list[nn.Parameter]:
        """Its trainable parameters."""
        return [parameter for parameter in self.module.parameters() if parameter.requires_grad]


def check_ownership(model: nn.Module, components: Sequence[Component]) -> None:
    """Check that every trainable parameter belongs to exactly one component, and each has some.

    Raises:
        CompositionError: One belongs to none or to several, or a component has nothing to train.
    """
    owners: dict[int, list[str]] = {}
    for component in components:
        if not component.parameters:
            raise CompositionError(
                f"{component.path} has no trainable parameter, but an optimiser of its own"
            )
        for parameter in component.parameters:
            owners.setdefault(id(parameter), []).append(component.path)
    for name, parameter in model.named_parameters():
        found = owners.get(id(parameter), [])
        if parameter.requires_grad and len(found) != 1:
            whose = "to none" if not found else f"to {' and '.join(found)}"
            raise CompositionError(
                f"parameter {name} belongs {whose}, and each must be trained by exactly one optimiser of "
                + ", ".join(component.path for component in components)
            )


class ComponentOptimizers:
    """The optimisers and schedules of all components, and how they step.

    Lightning counts ``global_step`` once for each step of each optimiser that it knows. Here optimisers step
    through the strategy, which scales and clips as ever but counts nothing, and `count_batch` counts: so that
    ``global_step``, ``max_steps`` and the intervals of checkpoints mean training batches.

    Args:
        components: In the order of their optimisers in checkpoints.
    """

    def __init__(self, components: Sequence[Component]) -> None:
        self.components = {component.path: component for component in components}

    def configure(self, num_steps: Mapping[str, int]) -> list[dict[str, Any]]:
        """Return what ``configure_optimizers`` gives Lightning, for that many steps of each path."""
        configured = []
        for path, component in self.components.items():
            if not component.parameters:
                raise UserError(f"submodules: all of {path} is frozen, which has an optimiser of its own")
            optimizer = build_optimizer(component.optimizer, component.parameters)
            if isinstance(optimizer, LBFGS):
                raise UserError(
                    f"{path}: LBFGS computes the loss itself, and can't be one of several optimisers"
                )
            entry: dict[str, Any] = {"optimizer": optimizer}
            schedule = component.schedule(optimizer, max(1, num_steps[path]))
            if schedule is not None:
                entry["lr_scheduler"] = {"scheduler": schedule, **_every_step(schedule, path)}
            configured.append(entry)
        return configured

    @contextmanager
    def toggled(self, *paths: str) -> Iterator[None]:
        """Let only the components of these paths have gradients within the block."""
        others = [
            parameter
            for path, component in self.components.items()
            if path not in paths
            for parameter in component.parameters
        ]
        for parameter in others:
            parameter.requires_grad_(False)
        try:
            yield
        finally:
            for parameter in others:
                parameter.requires_grad_(True)

    def backward(self, model: LightningModule, loss: Tensor) -> None:
        """Add the gradients of this process's loss, a scalar; `step` averages them over the processes.

        Lightning's own way would have every process go backwards as often as all others, through the same
        components.
        """
        with getattr(model.trainer.strategy, "block_backward_sync", nullcontext)():
            model.manual_backward(loss)

    def zero_grad(self, trainer: Trainer, *paths: str) -> None:
        """Drop the gradients of these components."""
        for path in paths:
            self._optimizer(trainer, path).zero_grad()

    def step(self, trainer: Trainer, *paths: str) -> None:
        """Step the optimisers of these components, and their schedules with them.

        Every process has to call this at the same step with the same components.
        """
        for path in paths:
            average_gradients(self.components[path].parameters)
            optimizer = self._optimizer(trainer, path)
            trainer.strategy.optimizer_step(optimizer, _nothing)
            for schedule in self._schedules(trainer, optimizer):
                schedule.step()

    def _optimizer(self, trainer: Trainer, path: str) -> Optimizer:
        return trainer.optimizers[list(self.components).index(path)]

    def _schedules(self, trainer: Trainer, optimizer: Optimizer) -> Iterator[LRScheduler]:
        for config in trainer.lr_scheduler_configs:
            schedule: Any = config.scheduler
            if schedule.optimizer is optimizer:
                yield schedule


def count_batch(model: LightningModule) -> None:
    """Count one training batch in ``trainer.global_step``; to be called once in each ``training_step``."""
    progress = model.trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress
    progress.increment_ready()
    progress.increment_completed()


def refuse_automatic_gradients(trainer: Trainer) -> None:
    """Refuse what the Trainer does only where there is one optimiser.

    Raises:
        UserError: It is to clip gradients or to gather those of several batches.
    """
    if trainer.gradient_clip_val:
        raise UserError(
            "trainer.gradient_clip_norm and gradient_clip_val can't be used with several optimisers: set"
            " vae_gan.gradient_clip_norm"
        )
    if trainer.accumulate_grad_batches != 1:
        raise UserError(
            "trainer.accumulate_grad_batches can't be used with several optimisers: raise"
            " vae_gan.data.batch_size"
        )


def _every_step(schedule: LRScheduler, path: str) -> dict[str, Any]:
    stepping = stepping_of(schedule)
    if (stepping["interval"], stepping["frequency"]) != ("step", 1):
        raise UserError(f"{path}: with several optimisers a schedule needs interval step and frequency 1")
    return stepping


def _nothing() -> None:
    """Stand for the closure of an optimiser whose gradients are there already."""
