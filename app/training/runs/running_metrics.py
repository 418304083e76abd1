"""Metrics of an epoch that is not over, saved with the training."""

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection
from typing_extensions import override

from nested_lightning.app.foreign_files import foreign_file
from nested_lightning.app.processes import gather_from_ranks, of_this_rank

_KEY = "nested_lightning_running_metrics"


@runtime_checkable
class RunningMetric(Protocol):
    """A metric of the project's own that is added up over an epoch."""

    def running_state(self) -> dict[str, Any]:
        """Return what was added up so far, as tensors on the CPU and plain values."""

    def load_running_state(self, state: dict[str, Any]) -> None:
        """Go on from what `running_state` returned."""


class RunningMetrics(Callback):
    """Saves what the model's metrics have added up so far, of every process.

    Without it a training that goes on in mid-epoch would log the mean of the rest of that epoch. Metrics of
    torchmetrics keep their state out of checkpoints, since it is no part of the model.
    """

    def __init__(self) -> None:
        self._loaded: dict[str, Any] | None = None

    @override
    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Write the state of every metric that has seen a batch into the checkpoint."""
        checkpoint[_KEY] = gather_from_ranks(dict(_states(pl_module)))

    @override
    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Keep the saved states until training starts."""
        self._loaded = of_this_rank(checkpoint.get(_KEY, []))

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Restore the states that were loaded."""
        with foreign_file(trainer.ckpt_path):
            for name, state in (self._loaded or {}).items():
                _restore(pl_module.get_submodule(name), state)
        self._loaded = None


def _states(model: nn.Module) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, module in model.named_modules():
        if isinstance(module, MetricCollection):
            module.items()  # metrics of a group share one state, which the others take up here
        elif isinstance(module, Metric) and module.update_count:
            values = {key: _to_cpu(value) for key, value in module.metric_state.items()}
            yield name, {"values": values}
        elif hasattr(module, "running_state"):  # a check of the protocol would take longer than all the rest
            yield name, module.running_state()


def _restore(module: nn.Module, state: dict[str, Any]) -> None:
    if isinstance(module, Metric):
        for key, value in state["values"].items():
            setattr(module, key, _to_device(value, module.device))
    elif isinstance(module, RunningMetric):
        module.load_running_state(state)


def _to_cpu(value: Tensor | list[Tensor]) -> Tensor | list[Tensor]:
    return (
        [each.detach().cpu() for each in value] if isinstance(value, list) else value.detach().cpu().clone()
    )


def _to_device(value: Tensor | list[Tensor], device: torch.device) -> Tensor | list[Tensor]:
    return [each.to(device) for each in value] if isinstance(value, list) else value.to(device).clone()
