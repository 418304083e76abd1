"""Lightning's Trainer as this project runs it."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint, ModelCheckpoint, ProgressBar
from pytorch_lightning.loggers import Logger
from pytorch_lightning.strategies import DDPStrategy, Strategy
from torch import Tensor
from typing_extensions import override

from nested_lightning.app.checkpoints.checkpoint_io import AtomicCheckpointIO
from nested_lightning.app.errors import UserError
from nested_lightning.app.launch import torchrun_sizes
from nested_lightning.app.seam.quickening import quicken
from nested_lightning.app.seam.restoring import name_checkpoint_in_faults
from nested_lightning.app.training.monitored_value import MonitoredMoment


def build_trainer(
    *,
    root: Path,
    callbacks: Sequence[Callback] = (),
    loggers: Sequence[Logger] = (),
    max_epochs: int | None = None,
    max_steps: int = -1,
    accelerator: str = "auto",
    devices: int | str | list[int] = "auto",
    num_nodes: int = 1,
    strategy: str | Strategy | type[DDPStrategy] = "auto",
    has_unused_parameters: bool = False,
    precision: Any = "32-true",
    gradient_clip_val: float | None = None,
    accumulate_grad_batches: int = 1,
    check_val_every_n_epoch: int = 1,
    log_every_n_steps: int = 50,
    plugins: Sequence[Any] = (),
) -> Trainer:
    """Build a Trainer that does what it is asked and nothing besides.

    Checkpoints are written atomically and read without running code. Loaders share the data among processes
    themselves. There is no sanity check before training, no model summary, and no bar or checkpoint but those
    among the callbacks.

    Args:
        root: Folder for what Lightning may write on its own.
        callbacks: Run in this order, checkpoints last.
        loggers: Receive the metrics.
        max_epochs: Epochs of the training; None, with ``max_steps`` at -1: Lightning's own 1,000.
        max_steps: Optimiser steps of the training; -1: no limit.
        accelerator: ``auto``, ``cpu``, ``gpu`` or another that Lightning knows.
        devices: Their number, or which ones; ``auto``: as many as there are, or as ``torchrun`` says.
        num_nodes: Number of machines.
        strategy: ``auto``, ``ddp`` or another that Lightning knows; or a class of such.
        has_unused_parameters: Whether a step leaves trained parameters without a gradient, which ``ddp`` must
            know.
        precision: ``32-true``, ``bf16-mixed`` or another that Lightning knows.
        gradient_clip_val: Largest norm of the gradient; None: any.
        accumulate_grad_batches: Batches to an optimiser step.
        check_val_every_n_epoch: Epochs between validations.
        log_every_n_steps: Steps between two entries of the loggers.
        plugins: Lightning's plugins besides those for checkpoints, e.g. of who starts the processes.

    Raises:
        UserError: The hardware isn't there, or the values don't go together.
    """
    _refuse_copies(strategy)
    if devices == "auto" and (sizes := torchrun_sizes()):
        devices, num_nodes = sizes
    build = partial(
        Trainer,
        default_root_dir=root,
        callbacks=list(callbacks),
        logger=list(loggers) or False,
        max_epochs=max_epochs,
        max_steps=max_steps,
        accelerator=accelerator,
        devices=devices,
        num_nodes=num_nodes,
        precision=precision,
        gradient_clip_val=gradient_clip_val,
        accumulate_grad_batches=accumulate_grad_batches,
        check_val_every_n_epoch=check_val_every_n_epoch,
        log_every_n_steps=log_every_n_steps,
        enable_checkpointing=any(isinstance(callback, Checkpoint) for callback in callbacks),
        enable_progress_bar=any(isinstance(callback, ProgressBar) for callback in callbacks),
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        plugins=[AtomicCheckpointIO(), *plugins],
    )
    try:
        trainer = build(strategy=_complete(strategy, has_unused_parameters))
        if strategy == "auto" and isinstance(trainer.strategy, DDPStrategy):
            trainer = build(strategy=_complete("ddp", has_unused_parameters))
    except (MisconfigurationException, ModuleNotFoundError, TypeError, ValueError) as error:
        raise UserError(f"the settings of the trainer can't be used on this machine: {error}") from error
    quicken(trainer)
    name_checkpoint_in_faults(trainer)
    return trainer


def _complete(strategy: str | Strategy | type[DDPStrategy], has_unused_parameters: bool) -> Any:
    """Return a strategy that knows whether steps leave parameters without a gradient."""
    if isinstance(strategy, type):
        return strategy(find_unused_parameters=has_unused_parameters)
    return "ddp_find_unused_parameters_true" if has_unused_parameters and strategy == "ddp" else strategy


def _refuse_copies(strategy: object) -> None:
    if any(word in str(strategy) for word in ("spawn", "fork", "notebook")):
        raise UserError(
            f"trainer.strategy = {strategy}: its processes take copies of the model, and keep what they"
            " come to for themselves; set trainer.strategy=ddp, which starts a program for each process"
        )


class BestCheckpoint(ModelCheckpoint):
    """Saves after validations, never after a single step, and to one file alone.

    What training alone logs is looked at after each epoch.

    A checkpoint may name any path as the best one, and Lightning would remove what lies there. Here it is
    asked for the score alone. So a choice also outlives a move of its run folder.
    """

    on_train_batch_end = None  # type: ignore[assignment]

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._moment = MonitoredMoment(self.monitor)

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save, if this validation is the best."""
        if self._moment.is_validation(trainer):
            super().on_validation_end(trainer, pl_module)

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save, if training alone logs the value and this epoch is the best."""
        if self._moment.is_epoch_end(trainer):
            super().on_validation_end(trainer, pl_module)

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the score of the choice, if its file is still there.

        Raises:
            TypeError: A score is no number.
        """
        own, score = self.format_checkpoint_name({}), _number(state_dict["best_model_score"])
        is_there = Path(own).is_file() and bool(state_dict["best_model_path"])
        self.current_score = _number(state_dict.get("current_score"))
        self.best_model_path = own if is_there else ""
        if is_there and score is not None:
            self.best_model_score = self.kth_value = score
            self.kth_best_model_path, self.best_k_models = own, {own: score}


def _number(value: Any) -> Tensor | None:
    if value is not None and not (isinstance(value, Tensor) and value.numel() == 1):
        raise TypeError("the monitored value is no number")
    return value


def build_best_checkpoint(
    *,
    path: Path,
    monitor: str,
    mode: Literal["min", "max"] = "min",
    choice: Literal["monitored", "newest"] = "monitored",
) -> ModelCheckpoint:
    """Build the callback that keeps one checkpoint for use, whole, in one file.

    Where the validation part is small, the best of many validations is a lucky one as much as a good one;
    a schedule that ends at a rate of 0 makes the newest weights the better choice.

    Args:
        path: The file, with the suffix ``.ckpt``.
        monitor: Name of a metric that validation logs.
        mode: Whether its lowest or highest value is the best.
        choice: Whether it is kept of the validation with the best metric, or of the newest one.
    """
    return BestCheckpoint(
        dirpath=path.parent,
        filename=path.stem,
        monitor=monitor if choice == "monitored" else None,
        mode=mode,
        save_top_k=1,
        enable_version_counter=False,
        auto_insert_metric_name=False,
        save_on_train_epoch_end=False,
    )
