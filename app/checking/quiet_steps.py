"""Steps of a composite that log nothing and keep no scores."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pytorch_lightning import LightningModule
from torch import nn
from torchmetrics import Metric, MetricCollection


@contextmanager
def unlogged(model: LightningModule) -> Iterator[None]:
    """Leave out what a step logs: there is no logger."""
    model.__dict__.update(log=_nothing, log_dict=_nothing)
    try:
        yield
    finally:
        del model.__dict__["log"], model.__dict__["log_dict"]


@contextmanager
def without_scores(model: nn.Module) -> Iterator[None]:
    """Leave out torchmetrics' scores, which are made of values."""
    scores: list[Any] = [each for each in model.modules() if isinstance(each, Metric | MetricCollection)]
    kept = [(each.update, each.forward) for each in scores]
    for each in scores:
        each.update = each.forward = _nothing
    try:
        yield
    finally:
        for each, (update, forward) in zip(scores, kept, strict=True):
            each.update, each.forward = update, forward


def _nothing(*args: Any, **kwargs: Any) -> None:
    """Stand for a call that is left out."""
