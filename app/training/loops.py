"""Which of Lightning's loops a module and its datamodule have, and what they call."""

from collections.abc import Callable, Iterator
from typing import Any

from pytorch_lightning import LightningDataModule, LightningModule
from pytorch_lightning.utilities.signature_utils import is_param_in_hook_signature

_STEPS = {
    "train": "validation_step",
    "val": "validation_step",
    "test": "test_step",
    "predict": "predict_step",
}
"""By which step a part of the data is gone through."""


def lacking_for(part: str, model: LightningModule, datamodule: LightningDataModule | None) -> list[str]:
    """Return in words what is missing to go through ``train``, ``val``, ``test`` or ``predict``."""
    return [*_lacking(part, model, datamodule)]


def has_step(part: str, model: LightningModule) -> bool:
    """Return whether a module has the step by which a part of the data is gone through."""
    return _has_own(model, _STEPS[part], LightningModule)


def call_step(step: Callable[..., Any], batch: Any) -> Any:
    """Return what a step gives for a batch, with its number, 0, if it takes one, as Lightning calls it."""
    return step(batch, 0) if is_param_in_hook_signature(step, "batch_idx", min_args=2) else step(batch)


def _lacking(part: str, model: LightningModule, datamodule: LightningDataModule | None) -> Iterator[str]:
    step, loader = _STEPS[part], f"{part}_dataloader"
    if not has_step(part, model):
        yield f"{type(model).__name__} has no {step}"
    is_there = datamodule is not None and _has_own(datamodule, loader, LightningDataModule)
    if not is_there and not _has_own(model, loader, LightningModule):
        yield f"{type(model if datamodule is None else datamodule).__name__} has no {loader}"


def _has_own(owner: object, hook: str, base: type[Any]) -> bool:
    """Return whether a hook is more than the empty one that all have from Lightning."""
    return getattr(getattr(owner, hook), "__func__", None) is not getattr(base, hook)
