"""Lightning's Trainer as this project runs it."""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from lightning_fabric.plugins import environments
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.accelerators import CPUAccelerator
from pytorch_lightning.callbacks import Checkpoint, ModelCheckpoint, ProgressBar
from pytorch_lightning.loggers import Logger
from pytorch_lightning.profilers import AdvancedProfiler, PyTorchProfiler, SimpleProfiler
from pytorch_lightning.strategies import DDPStrategy, Strategy
from torch import Tensor
from typing_extensions import override

from nested_lightning.app.checkpoints.checkpoint_io import AtomicCheckpointIO
from nested_lightning.app.errors import UserError
from nested_lightning.app.launch import torchrun_sizes
from nested_lightning.app.seam.quickening import quicken
from nested_lightning.app.seam.restoring import name_checkpoint_in_faults
from nested_lightning.app.training.monitored_value import MonitoredMoment
from nested_lightning.app.training.reporting.log_file import quiet_lightning

_LIMITS = ("limit_train_batches", "limit_val_batches", "limit_test_batches", "val_check_interval")
_PROFILERS = {"simple": SimpleProfiler, "advanced": AdvancedProfiler, "pytorch": PyTorchProfiler}


def build_trainer(
    *,
    root: Path,
    callbacks: Sequence[Callback] = (),
    loggers: Sequence[Logger] = (),
    devices: int | str | list[int] = "auto",
    num_nodes: int = 1,
    strategy: str | Strategy | type[DDPStrategy] = "auto",
    has_unused_parameters: bool = False,
    overfit_batches: float = 0.0,
    profiler: str | None = None,
    num_sanity_val_steps: int = 0,
    plugins: Sequence[Any] = (),
    **arguments: Any,
) -> Trainer:
    """Build a Trainer that does only what its arguments ask for.

    Checkpoints are written atomically and read without running code. Loaders share the data among processes
    themselves, and give the same batches in each epoch where they are to be overfitted. There is no model
    summary, and no bar or checkpoint but those among the callbacks.

    Args:
        root: Folder for what Lightning may write on its own.
        callbacks: Run in this order, checkpoints last.
        loggers: Receive the metrics.
        devices: Their number, or which ones; ``auto``: as many as there are, or as ``torchrun`` says.
        num_nodes: Number of machines.
        strategy: ``auto``, ``ddp`` or another that Lightning knows; or a class of such.
        has_unused_parameters: Whether a step leaves trained parameters without a gradient, which ``ddp`` must
            know.
        overfit_batches: Batches of an epoch and of a validation, or a share of all; 0.0: as the limits say.
        profiler: ``simple``, ``advanced`` or ``pytorch``; it writes to ``root``.
        num_sanity_val_steps: Validation batches before the first step.
        plugins: Lightning's plugins besides those for checkpoints, or names of its cluster environments.
        **arguments: The Trainer's other arguments, by its own names.

    Raises:
        UserError: The hardware isn't there, or the values don't go together.
    """
    _refuse_strategy(strategy)
    if devices == "auto" and (sizes := torchrun_sizes()):
        devices, num_nodes = sizes
    arguments = {name: value for name, value in arguments.items() if not _is_all(name, value)}
    if overfit_batches:
        arguments |= {"limit_train_batches": overfit_batches, "limit_val_batches": overfit_batches}
    build = partial(
        Trainer,
        default_root_dir=root,
        callbacks=list(callbacks),
        logger=list(loggers) or False,
        devices=devices,
        num_nodes=num_nodes,
        enable_checkpointing=any(isinstance(callback, Checkpoint) for callback in callbacks),
        enable_progress_bar=any(isinstance(callback, ProgressBar) for callback in callbacks),
        enable_model_summary=False,
        num_sanity_val_steps=num_sanity_val_steps,
        use_distributed_sampler=False,
        **arguments,
    )
    try:
        build = partial(
            build,
            profiler=_PROFILERS[profiler](dirpath=root, filename="profile") if profiler else None,
            plugins=[AtomicCheckpointIO(), *map(_plugin, plugins)],
        )
        with quiet_lightning():
            trainer = build(strategy=_complete(strategy, has_unused_parameters))
            if strategy == "auto" and isinstance(trainer.strategy, DDPStrategy):
                trainer = build(strategy=_complete("ddp", has_unused_parameters))
    except (MisconfigurationException, ModuleNotFoundError, TypeError, ValueError, KeyError) as error:
        reason = f"the variable {error} isn't set" if isinstance(error, KeyError) else error
        raise UserError(f"the settings of the trainer can't be used on this machine: {reason}") from error
    if arguments.get("sync_batchnorm"):
        _refuse_synchronizing(trainer)
    if num_nodes > 1:
        _refuse_waiting_for_nobody(trainer)
    quicken(trainer)
    name_checkpoint_in_faults(trainer)
    return trainer


def _is_all(name: str, value: Any) -> bool:
    """Return whether this is Lightning's default, all batches, which it would announce if given."""
    return name in _LIMITS and isinstance(value, float) and value == 1.0


def _plugin(plugin: Any) -> Any:
    return getattr(environments, plugin)() if isinstance(plugin, str) else plugin


def _complete(strategy: str | Strategy | type[DDPStrategy], has_unused_parameters: bool) -> Any:
    """Return a strategy that knows whether steps leave parameters without a gradient."""
    if isinstance(strategy, type):
        return strategy(find_unused_parameters=has_unused_parameters)
    return "ddp_find_unused_parameters_true" if has_unused_parameters and strategy == "ddp" else strategy


def _refuse_strategy(strategy: object) -> None:
    name = (strategy if isinstance(strategy, str) else type(strategy).__name__).lower()
    if any(word in name for word in ("spawn", "fork", "notebook")):
        raise UserError(
            f"trainer.strategy = {strategy}: its processes take copies of the model, and keep what they"
            " come to for themselves; set trainer.strategy=ddp, which starts a program for each process"
        )
    if any(word in name for word in ("fsdp", "deepspeed", "modelparallel", "model_parallel")):
        raise UserError(
            f"trainer.strategy = {strategy}: it splits each submodule among the devices, and neither resume"
            " nor from_checkpoint puts one together again; set trainer.strategy=ddp, where each device has"
            " the whole model"
        )


def _refuse_synchronizing(trainer: Trainer) -> None:
    if trainer.world_size > 1 and isinstance(trainer.accelerator, CPUAccelerator):
        raise UserError("trainer.sync_batchnorm: torch has that for GPUs alone; set it to false")


def _refuse_waiting_for_nobody(trainer: Trainer) -> None:
    """Refuse several machines without a launcher, where each would wait for the others forever."""
    environment = getattr(trainer.strategy, "cluster_environment", None)
    if isinstance(environment, LightningEnvironment) and "MASTER_ADDR" not in os.environ:
        raise UserError(
            f"trainer.num_nodes = {trainer.num_nodes}: nothing says where the other machines are; start the"
            " command on each of them by torchrun or srun, or set the variables MASTER_ADDR, MASTER_PORT and"
            " NODE_RANK there"
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
        if self._moment.is_validation(trainer):
            super().on_validation_end(trainer, pl_module)

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
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
