"""Metrics of an epoch that is not over, saved with the training."""

from collections.abc import Collection, Iterator
from typing import Any

from lightning_utilities.core.apply_func import apply_to_collection
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection
from typing_extensions import override

from nested_lightning.app.foreign_files import foreign_file
from nested_lightning.app.processes import gather_from_ranks, of_this_rank
from nested_lightning.app.seam.logged_values import (
    LoggedValues,
    add_to_logged,
    count_as_updated,
    logged_objects,
    logged_so_far,
)

_KEY = "nested_lightning_running_metrics"
_LOGGED = "self.log()"
"""No submodule's name."""


class RunningMetrics(Callback):
    """Saves what the model's metrics and its ``self.log`` have added up so far, of every process.

    Without it a training that goes on in mid-epoch would log the mean of the rest of that epoch. Metrics of
    torchmetrics keep their state out of checkpoints, since it is no part of the model.

    A module that adds up by itself has ``running_state``, which returns what it has so far as tensors on the
    CPU and plain values, and ``load_running_state``, which goes on from that.
    """

    def __init__(self) -> None:
        self._loaded: dict[str, Any] | None = None
        self._logged: LoggedValues = {}
        self._is_epoch_over = False

    @override
    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Write the state of every metric that has seen a batch into the checkpoint.

        At the end of an epoch, what Lightning is about to reset is left out.
        """
        skipped = logged_objects(trainer) if self._is_epoch_over else set()
        states: dict[str, Any] = dict(_states(pl_module, skipped))
        if not self._is_epoch_over and (logged := self._logged | logged_so_far(trainer)):
            states[_LOGGED] = logged
        checkpoint[_KEY] = gather_from_ranks(states)

    @override
    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        self._loaded = of_this_rank(checkpoint.get(_KEY, []))

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Restore the states that were loaded; logged values follow where they are logged again."""
        with foreign_file(trainer.ckpt_path):
            loaded = self._loaded or {}
            self._logged = loaded.pop(_LOGGED, {})
            for name, state in loaded.items():
                _restore(pl_module.get_submodule(name), state)
        self._loaded = None

    @override
    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._is_epoch_over = False

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Add what was logged before to what this batch has logged."""
        if self._logged:
            with foreign_file(trainer.ckpt_path):
                add_to_logged(trainer, self._logged)

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._is_epoch_over, self._logged = True, {}


def _states(model: nn.Module, skipped: Collection[int]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, module in model.named_modules():
        if isinstance(module, MetricCollection):
            module.items()  # lets the metrics of a group share one state again
        elif isinstance(module, Metric) and module.update_count and id(module) not in skipped:
            yield name, {"values": apply_to_collection(module.metric_state, Tensor, _on_cpu)}
        elif hasattr(module, "running_state"):
            yield name, module.running_state()


def _restore(module: Any, state: dict[str, Any]) -> None:
    if isinstance(module, Metric):
        device = module.device
        for key, value in state["values"].items():
            setattr(module, key, apply_to_collection(value, Tensor, lambda one: one.to(device, copy=True)))
        count_as_updated(module)
    elif hasattr(module, "load_running_state"):
        module.load_running_state(state)


def _on_cpu(value: Tensor) -> Tensor:
    return value.detach().cpu().clone()
