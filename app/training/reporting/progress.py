"""One progress display for a whole training, at next to no cost in each step."""

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import ProgressBar
from pytorch_lightning.trainer.states import TrainerFn
from rich.console import Console
from torch import Tensor
from typing_extensions import override

from nested_lightning.app.training.monitored_value import MonitoredMoment
from nested_lightning.app.training.reporting.progress_display import LinesDisplay, LiveDisplay
from nested_lightning.app.training.reporting.progress_state import ProgressState

_REFRESH_S = 0.2
_PATIENCE_S = 2.0


class TrainingProgress(ProgressBar):
    """Shows one bar over the whole training on a terminal, and some ten lines of text anywhere else.

    In most steps it only looks at the clock. Five times a second at most it reads the newest loss and
    draws: epoch, speed, time left, training loss, the monitored metric, its best value. Validation and
    testing show up only when they take longer than two seconds.

    Args:
        monitor: Name of the metric that says which epoch is the best.
        mode: Whether its lowest ("min") or highest ("max") value is the best.
        console: Where to draw; None: standard error.
    """

    def __init__(
        self,
        *,
        monitor: str = "val_loss",
        mode: Literal["min", "max"] = "min",
        console: Console | None = None,
    ) -> None:
        super().__init__()
        self._console = console or Console(stderr=True, markup=False, emoji=False)
        self._state = ProgressState(monitor=monitor, mode=mode)
        self._moment = MonitoredMoment(monitor)
        display = LiveDisplay if self._console.is_interactive else LinesDisplay
        self._display: LiveDisplay | LinesDisplay = display(console=self._console)
        self._newest_outputs: Any = None
        self._has_begun = False
        self._began_at_s = self._refresh_at_s = self._evaluation_shows_at_s = 0.0

    @override
    def enable(self) -> None:
        self._console.quiet = False

    @override
    def disable(self) -> None:
        """Show nothing; Lightning calls this in every process but the first."""
        self._display.close()
        self._console.quiet = True

    @override
    def print(self, *args: Any, **kwargs: Any) -> None:
        self._console.print(*args, **kwargs)

    @override
    def state_dict(self) -> dict[str, Any]:
        return {"best": self._state.best, "best_epoch": self._state.best_epoch}

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._state.best, self._state.best_epoch = state_dict["best"], state_dict["best_epoch"]

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Find out how long the training is, and where in it this is."""
        state = self._state
        state.num_epochs, state.num_batches = _lengths(trainer)
        state.is_finished = False
        state.first_batch = state.batch = trainer.fit_loop.total_batch_idx + 1
        state.first_step = state.step = trainer.global_step
        self._has_begun = False
        self._start_clock()

    @override
    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Count the time from the first epoch: what a model sets up before it is no training."""
        if not self._has_begun:
            self._start_clock()
            self._has_begun = True

    def track(self, what: str, rounds: range) -> Iterator[int]:
        """Yield the rounds of what a model sets up, and show how many are done, where that takes long."""
        self._refresh_at_s = time.monotonic() + _PATIENCE_S
        for done, each in enumerate(rounds, start=1):
            yield each
            if time.monotonic() >= self._refresh_at_s:
                self._display.update_set_up(f"{what} {done}/{len(rounds)}", done, len(rounds))
                self._refresh_at_s = time.monotonic() + _REFRESH_S
        self._display.close()

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._newest_outputs = outputs
        if time.monotonic() >= self._refresh_at_s:
            self._refresh(trainer)

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draw the epoch's end, with what its validation, or training alone, found."""
        if self._moment.is_epoch_end(trainer):
            self._state.observe_monitored(float(trainer.callback_metrics[self._state.monitor]))
        self._refresh(trainer, is_epoch_end=True)

    @override
    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._state.is_finished, self._state.batch = True, trainer.fit_loop.total_batch_idx + 1
        if trainer.should_stop and self._state.fraction < 1.0:
            self._state.activity = "stopped early"
        self._refresh(trainer)
        self._display.close()
        self._state.activity = ""

    @override
    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock for an evaluation that may take long."""
        self._evaluation_shows_at_s = time.monotonic() + _PATIENCE_S

    @override
    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Draw, if the evaluation takes long and it was long ago."""
        if time.monotonic() < max(self._refresh_at_s, self._evaluation_shows_at_s):
            return
        totals = trainer.num_test_batches if trainer.testing else trainer.num_val_batches
        total = int(totals[dataloader_idx]) if math.isfinite(totals[dataloader_idx]) else None
        activity = "testing" if trainer.testing else "validating"
        self._state.activity = f"{activity} {batch_idx + 1}" + (f"/{total}" if total else "")
        if trainer.state.fn == TrainerFn.FITTING:
            self._refresh(trainer)
        else:
            self._display.update_evaluation(self._state.activity, batch_idx + 1, total)

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the new value of the monitored metric, or clear away the display of a validation alone."""
        self._state.activity, self._state.epoch = "", trainer.current_epoch + 1
        if trainer.state.fn != TrainerFn.FITTING:
            self._display.close()
        elif self._moment.is_validation(trainer):
            self._state.observe_monitored(float(trainer.callback_metrics[self._state.monitor]))

    on_test_start = on_validation_start
    on_test_batch_end = on_validation_batch_end

    @override
    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._display.close()

    @override
    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._display.close()

    def _start_clock(self) -> None:
        self._began_at_s = time.monotonic()
        self._refresh_at_s = self._began_at_s + _REFRESH_S

    def _refresh(self, trainer: Trainer, *, is_epoch_end: bool = False) -> None:
        state = self._state
        state.batch, state.step = trainer.fit_loop.total_batch_idx + 1, trainer.global_step
        progress: Any = trainer.fit_loop.epoch_progress.current
        state.epoch = max(1, progress.ready)  # at the end of training, current_epoch is that of the next one
        state.elapsed_s = time.monotonic() - self._began_at_s
        if (loss := _loss(self._newest_outputs)) is not None:
            state.observe_loss(loss)
        self._display.update(state, is_epoch_end=is_epoch_end)
        self._refresh_at_s = time.monotonic() + _REFRESH_S


def tracked(trainer: Trainer, what: str, rounds: range) -> Iterable[int]:
    """Return the rounds of what a model sets up before its first step, shown where there is a display."""
    bar = trainer.progress_bar_callback
    return bar.track(what, rounds) if isinstance(bar, TrainingProgress) else rounds


def _loss(outputs: Any) -> float | None:
    loss = outputs.get("loss") if isinstance(outputs, Mapping) else outputs
    return loss.item() if isinstance(loss, Tensor) and loss.numel() == 1 else None


def _lengths(trainer: Trainer) -> tuple[int | None, int | None]:
    """Return the epochs and the batches of a training, None where nothing limits them."""
    per_epoch, max_epochs = trainer.num_training_batches, trainer.max_epochs
    limits: list[float] = []
    if max_epochs is not None and max_epochs >= 0:
        limits.append(max_epochs * per_epoch)
    if trainer.max_steps >= 0:
        limits.append(trainer.max_steps * trainer.accumulate_grad_batches)
    num_batches = min(limits, default=math.inf)
    if not math.isfinite(num_batches):
        return (max_epochs if max_epochs and max_epochs > 0 else None), None
    return math.ceil(num_batches / per_epoch), int(num_batches)
