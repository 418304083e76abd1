"""Callbacks of Lightning's that can't work here, given by an override either; docs/training.md lists them."""

from collections.abc import Iterable, Mapping

from pytorch_lightning import Callback
from pytorch_lightning.callbacks import (
    BackboneFinetuning,
    BatchSizeFinder,
    LearningRateFinder,
    SpikeDetection,
)
from torch import nn

from nested_lightning.app.errors import UserError

_REASONS: Mapping[type, str] = {
    BackboneFinetuning: "the model has no submodule called backbone; freeze, unfreeze_at_epoch and lr of a"
    " path in submodules do this for any",
    LearningRateFinder: "it would search once more wherever the training goes on; find a rate by the command"
    " tune lr, and set it",
    BatchSizeFinder: "it would search once more wherever the training goes on; find a size by the command"
    " tune batch-size, and set it",
    SpikeDetection: "Lightning can't read its state from a checkpoint again, so that the training couldn't go"
    " on; use early_stopping with divergence_threshold",
}
"""By the class itself: one that is derived from it may do better."""


def refuse_unfit(callbacks: Iterable[Callback], model: nn.Module) -> None:
    """Refuse what would fail in this training, or in the one that goes on with it."""
    for kind in map(type, callbacks):
        if kind in _REASONS and not (kind is BackboneFinetuning and hasattr(model, "backbone")):
            raise UserError(f"the callback {kind.__name__} can't be used: {_REASONS[kind]}")
