"""What loggers get: what ``self.log`` has gathered of an epoch that isn't over, and hyper-parameters."""

from collections.abc import Mapping
from typing import Any

import torch
from pytorch_lightning import LightningDataModule, Trainer
from torch import Tensor
from torchmetrics import Metric

from nested_lightning.app.seam.versions import are_tested

LoggedValues = dict[str, dict[str, Tensor]]


def about_to_be_logged(trainer: Trainer) -> dict[str, float]:
    """Return what Lightning logs next: values of this step, or at the end of an epoch those of the epoch.

    With versions that weren't tested, the newest value of each name.
    """
    new = trainer._logger_connector.metrics["log"] if are_tested() else trainer.logged_metrics
    return {name: float(value) for name, value in new.items()}


def logged_so_far(trainer: Trainer) -> LoggedValues:
    """Return what training has added up of each logged value since the epoch began, on the CPU, by its key.

    Nothing, with versions that weren't tested.
    """
    return {
        key: {name: value.cpu().clone() for name, value in one.metric_state.items()}
        for key, one in _results(trainer).items()
        if one.is_tensor and one.meta.on_epoch and not one.has_reset
    }


def add_to_logged(trainer: Trainer, before: LoggedValues) -> None:
    """Add what a training had gathered, and take out of ``before`` what has been logged again by now."""
    results = _results(trainer)
    for key in results.keys() & before.keys():
        one, saved = results[key], before.pop(key)
        for name, value in saved.items():
            both = torch.stack([getattr(one, name), value.to(one.value.device)])
            setattr(one, name, both.sum(0) if one.meta.is_mean_reduction else one.meta.reduce_fx(both))
        one._computed = None


def logged_objects(trainer: Trainer) -> set[int]:
    """Return the ids of metrics that training logs as objects, which Lightning resets after each epoch."""
    return {id(one.value) for one in _results(trainer).values() if not one.is_tensor}


def _results(trainer: Trainer) -> Mapping[str, Any]:
    return trainer.fit_loop.epoch_loop._results if are_tested() else {}


def count_as_updated(metric: Metric) -> None:
    """Let a metric whose state was restored count as one that has seen a batch, and so be computed."""
    metric._update_count = max(1, metric.update_count)


def log_by_path(datamodule: LightningDataModule) -> None:
    """Have loggers get what a datamodule saved as ``data.batch_size``, since Lightning mixes both.

    Where the module has another value by the same name, that would be an error. ``hparams`` stays as it is.
    With versions that weren't tested nothing is done.
    """
    if are_tested() and (initial := datamodule.hparams_initial):
        named = {f"data.{name}": value for name, value in initial.items()}
        vars(datamodule)["_hparams_initial"] = type(initial)(named)
