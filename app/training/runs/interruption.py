"""Signals that end a training: it saves, closes its files, and can go on later."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from lightning_fabric.plugins.environments.slurm import SLURMEnvironment
from pytorch_lightning import LightningModule, Trainer
from typing_extensions import override

from nested_lightning.app.signals import Handler, heard_by, listened_to
from nested_lightning.app.training.epoch_callback import EpochCallback

_BATCHES_BETWEEN_AGREEMENTS = 16


class TrainingInterruptedError(BaseException):
    """A signal ended the training; no `Exception`, as `KeyboardInterrupt` is none."""

    def __init__(self, signum: int) -> None:
        super().__init__(f"stopped by {signal.Signals(signum).name}")
        self.signum = signum

    @property
    def exit_status(self) -> int:
        """The exit status by which a shell knows this end, e.g. 130 for SIGINT (Ctrl-C), 143 for SIGTERM."""
        return 128 + self.signum


class Interruption(EpochCallback):
    """Listens for SIGINT (Ctrl-C), SIGTERM, SIGHUP, and the signal by which SLURM announces the end of a job.

    SIGHUP says that the terminal is gone; one that is ignored, as under ``nohup``, stays so.

    In training the first signal is a request, which `LastCheckpoint` meets where it can save: after a step
    of the optimiser, a validation that runs included. A second signal, or one outside training, raises
    `TrainingInterruptedError` wherever the program is; a third ends the process without any more ado. A
    `KeyboardInterrupt` of a callback's own is the same as one outside training.

    Where SLURM announces the end, Lightning would save at once, also in the middle of a step, and put the job
    back into its queue. Here it does the same where the request is met. The SIGTERM that SLURM sends to a job
    that it puts back is then of no account.
    """

    def __init__(self) -> None:
        self._signum: int | None = None
        self._num_signals = 0
        self._is_training = False
        self._signals: tuple[signal.Signals, ...] = ()
        self._requeue_signal: signal.Signals | None = None
        self._requeue: Handler = None

    @contextmanager
    def listening(self, trainer: Trainer) -> Iterator[None]:
        """Listen within the block; only the main thread can.

        Raises:
            TrainingInterruptedError: A signal ended what the block does.
        """
        self._signum, self._num_signals = None, 0
        self._signals, self._requeue_signal = _signals_of(trainer)
        try:
            with heard_by(self._receive, self._signals):
                yield
        except (KeyboardInterrupt, SystemExit) as end:  # Lightning turns the former into the latter
            if not isinstance(end, KeyboardInterrupt) and not isinstance(end.__context__, KeyboardInterrupt):
                raise
            raise TrainingInterruptedError(signal.SIGINT) from None
        finally:
            self._is_training = False
            self._signals, self._requeue_signal = (), None

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Restore our handlers after Lightning set its own, which would end or save at any moment."""
        self._install()
        self._is_training = bool(self._signals)
        if self._requeue_signal is not None:
            self._requeue = signal.signal(self._requeue_signal, self._receive)

    @override
    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """From here on there is no step to wait for."""
        self._is_training = False
        if self._requeue_signal is not None:
            signal.signal(self._requeue_signal, self._requeue)

    @override
    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the signals back from Lightning where it validates or tests outside training."""
        self._install()

    on_test_start = on_validation_start

    def is_agreed(self, trainer: Trainer, batch_idx: int) -> bool:
        """Return whether any process has been asked, see `is_any`."""
        return is_any(trainer, self._signum is not None, batch_idx)

    def stop(self, trainer: Trainer) -> None:
        """End the training, now that it is saved; every process has to call this at the same step.

        Raises:
            TrainingInterruptedError: Always.
        """
        requeue = self._requeue if callable(self._requeue) else None
        if is_any(trainer, self._is_announced) and self._requeue_signal is not None and requeue is not None:
            self._signum = self._requeue_signal
            requeue(self._requeue_signal, None)
        raise TrainingInterruptedError(self._signum or signal.SIGTERM)

    @property
    def _is_announced(self) -> bool:
        return self._signum is not None and self._signum == self._requeue_signal

    def _install(self) -> None:
        for number in self._signals:
            signal.signal(number, self._receive)

    def _receive(self, signum: int, frame: FrameType | None) -> None:
        if self._is_announced and signum == signal.SIGTERM:
            return
        self._num_signals += 1
        if self._num_signals > 2:
            os._exit(128 + signum)
        if not self._is_training or self._signum is not None:
            raise TrainingInterruptedError(signum)
        self._signum = signum


def _signals_of(trainer: Trainer) -> tuple[tuple[signal.Signals, ...], signal.Signals | None]:
    """Return the signals that ask to stop, and the one by which SLURM announces the end of the job."""
    signals = listened_to()
    if not signals:
        return (), None
    environment = getattr(trainer.strategy, "cluster_environment", None)
    if environment is None and SLURMEnvironment.detect():
        environment = SLURMEnvironment()
    announcement = None
    if isinstance(environment, SLURMEnvironment) and environment.auto_requeue:
        announcement = environment.requeue_signal
    return signals, announcement


def is_any(trainer: Trainer, is_so: bool, batch_idx: int = 0) -> bool:
    """Return whether it is so in any process; every process has to call this at the same step.

    Asking costs a message, so that several processes ask after some of an epoch's batches alone.
    """
    if trainer.world_size == 1:
        return is_so
    is_asked = batch_idx % _BATCHES_BETWEEN_AGREEMENTS == 0
    return is_asked and bool(trainer.strategy.reduce_boolean_decision(is_so, all=False))
