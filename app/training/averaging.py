"""Averages of weights, which validations, checkpoints and predictions are of, beside the weights that learn.

Lightning's `WeightAveraging` puts the average into a checkpoint's ``state_dict``, and what the training goes
on from beside it. Here whole numbers, such as indices and counters, are taken as they are, since a mean of
them is none of them; and before an average begins, it is the newest weights rather than the initial ones.
"""

from collections.abc import Callable
from typing import Any, Literal

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import WeightAveraging
from pytorch_lightning.utilities.types import LRSchedulerConfig
from torch import Tensor
from torch.optim.swa_utils import SWALR, get_ema_avg_fn, get_swa_avg_fn
from typing_extensions import override

from nested_lightning.app.errors import UserError

Average = Callable[[Tensor, Tensor, Any], Any]
"""From an average, what is new, and the number of values in it so far to the next average."""


class _Averaging(WeightAveraging):
    """An average that begins where a subclass says so."""

    def __init__(self, average: Average, *, device: str | None, use_buffers: bool) -> None:
        super().__init__(device=device, use_buffers=use_buffers, avg_fn=self._update)
        self._average = average
        self._has_begun = True

    def _update(self, averaged: Tensor, new: Tensor, count: Tensor | int) -> Any:
        is_averaged = self._has_begun and new.is_floating_point()
        return self._average(averaged, new, count) if is_averaged else new


def build_weight_averaging(*, device: str | None = None, use_buffers: bool = True) -> WeightAveraging:
    """Build the mean of the weights after all steps."""
    return _Averaging(get_swa_avg_fn(), device=device, use_buffers=use_buffers)


class EmaAveraging(_Averaging):
    """An exponential moving average, with the arguments of Lightning's ``EMAWeightAveraging``.

    Args:
        decay: What the average keeps of itself in each update.
        update_every_n_steps: Steps from one update to the next.
        update_starting_at_step: Step of the first update, from 0; None: the first.
        update_starting_at_epoch: First epoch, from 0, at whose end it is updated too; None: at none.
        device: Where it is kept; None: where the model is.
        use_buffers: Whether buffers are averaged too.
    """

    def __init__(
        self,
        *,
        decay: float = 0.999,
        update_every_n_steps: int = 1,
        update_starting_at_step: int | None = None,
        update_starting_at_epoch: int | None = None,
        device: str | None = None,
        use_buffers: bool = True,
    ) -> None:
        super().__init__(get_ema_avg_fn(decay), device=device, use_buffers=use_buffers)
        self._every, self._first_step = update_every_n_steps, update_starting_at_step or 0
        self._first_epoch = update_starting_at_epoch

    @override
    def should_update(self, step_idx: int | None = None, epoch_idx: int | None = None) -> bool:
        if step_idx is not None:
            self._has_begun = step_idx >= self._first_step
            return not self._has_begun or step_idx % self._every == 0
        return None not in (epoch_idx, self._first_epoch) and epoch_idx >= self._first_epoch  # type: ignore[operator]


class StochasticAveraging(_Averaging):
    """Stochastic weight averaging: the mean of the weights at the ends of the last epochs.

    From its first epoch on, torch's ``SWALR`` takes the place of the schedule. Lightning's own
    ``StochasticWeightAveraging`` validates and saves the weights without the average, and loses that where a
    training goes on in mid-epoch.

    Args:
        swa_lrs: Learning rate of the epochs that are averaged.
        swa_epoch_start: First of them, from 0, at least 1; or which share of the epochs is before it.
        annealing_epochs: Epochs in which the learning rate comes there.
        annealing_strategy: How it comes there.
        device: Where the average is kept; None: where the model is.
        use_buffers: Whether buffers are averaged too.
    """

    def __init__(
        self,
        *,
        swa_lrs: float = 1e-2,
        swa_epoch_start: int | float = 0.8,
        annealing_epochs: int = 10,
        annealing_strategy: Literal["cos", "linear"] = "cos",
        device: str | None = None,
        use_buffers: bool = True,
    ) -> None:
        super().__init__(self._mean, device=device, use_buffers=use_buffers)
        self._start, self._lr = swa_epoch_start, swa_lrs
        self._annealing: dict[str, Any] = {
            "anneal_epochs": annealing_epochs,
            "anneal_strategy": annealing_strategy,
        }
        self._count = 0
        self._has_begun = False

    def _mean(self, averaged: Tensor, new: Tensor, _: Tensor | int) -> Tensor:
        return averaged + (new - averaged) / self._count

    @override
    def should_update(self, step_idx: int | None = None, epoch_idx: int | None = None) -> bool:
        """Return whether the average is updated: with each step before it begins, then with each epoch."""
        if self._has_begun == (epoch_idx is None):
            return False
        self._count += 1
        return True

    @override
    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Find the first epoch; in a training that goes on after it, take the schedule's place at once.

        Raises:
            UserError: There are several optimisers.
        """
        if len(trainer.optimizers) != 1:
            raise UserError(
                "stochastic_weight_averaging works with one optimiser, and here are"
                f" {len(trainer.optimizers)}: use weight_averaging or ema_weight_averaging"
            )
        if isinstance(self._start, float):
            self._start = max(1, int(self._start * (trainer.max_epochs or 0)))
        if self._has_begun:
            self._take_over(trainer)  # Lightning then restores its state

    @override
    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not self._has_begun and trainer.current_epoch >= self._start:
            self._has_begun, self._count = True, 1
            self._take_over(trainer)

    def _take_over(self, trainer: Trainer) -> None:
        schedule = SWALR(trainer.optimizers[0], swa_lr=self._lr, **self._annealing)
        trainer.lr_scheduler_configs[:] = [LRSchedulerConfig(schedule)]

    @override
    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "has_begun": self._has_begun, "count": self._count}

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        self._has_begun, self._count = bool(state_dict["has_begun"]), int(state_dict["count"])
