"""Which of Lightning's loops a module and its datamodule have, what they call, and what they log."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pytorch_lightning import LightningDataModule, LightningModule, Trainer
from pytorch_lightning.profilers import PassThroughProfiler
from pytorch_lightning.utilities.signature_utils import is_param_in_hook_signature

from nested_lightning.app.temporary_attributes import temporary_attributes

_STEPS = {
    "train": "validation_step",
    "val": "validation_step",
    "test": "test_step",
    "predict": "predict_step",
}
"""By which step a part of the data is gone through."""


def lacking_for(part: str, model: LightningModule, datamodule: LightningDataModule | None) -> list[str]:
    """Return in words what is missing to go through ``train``, ``val``, ``test`` or ``predict``."""
    lacking, loader = [], f"{part}_dataloader"
    if not has_step(part, model):
        lacking.append(f"{type(model).__name__} has no {_STEPS[part]}")
    if not has_own(datamodule, loader) and not has_own(model, loader):
        lacking.append(f"{type(model if datamodule is None else datamodule).__name__} has no {loader}")
    return lacking


def has_own(owner: Any, hook: str) -> bool:
    """Return whether a module or a datamodule, or a class of one, has more than the empty hook of all."""
    found = getattr(owner, hook, None)
    return getattr(found, "__func__", found) not in (None, getattr(LightningModule, hook))


def has_step(part: str, model: LightningModule) -> bool:
    """Return whether a module has the step by which a part of the data is gone through."""
    return has_own(model, _STEPS[part])


def call_step(step: Callable[..., Any], batch: Any) -> Any:
    """Return what a step gives for a batch, with its number, 0, if it takes one, as Lightning calls it."""
    return step(batch, 0) if is_param_in_hook_signature(step, "batch_idx", min_args=2) else step(batch)


def scores_of(
    parts: Sequence[str], *, trainer: Trainer, model: LightningModule, datamodule: LightningDataModule
) -> dict[str, dict[str, float]]:
    """Return what a model logs over ``parts`` of the data, ``val`` and ``test``: values by name, by part.

    A part is left out where the model has no loop for it, or the data no rows. The loops run without the
    Trainer's loggers and its profiler, which hold the course of a training.
    """
    loops = {"val": trainer.validate, "test": trainer.test}
    with temporary_attributes(trainer, loggers=[], profiler=PassThroughProfiler()):
        return {
            part: joined_scores(loops[part](model, datamodule=datamodule, verbose=False, weights_only=True))
            for part in parts
            if not lacking_for(part, model, datamodule)
        }


def joined_scores(scores_of_loaders: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Return the scores that Lightning gives for each loader, in one."""
    return {name: float(value) for scores in scores_of_loaders for name, value in scores.items()}
