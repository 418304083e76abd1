"""Scores of a trained model over parts of its data."""

from collections.abc import Mapping, Sequence

from pytorch_lightning import LightningDataModule, LightningModule, Trainer
from pytorch_lightning.profilers import PassThroughProfiler

from nested_lightning.app.temporary_attributes import temporary_attributes
from nested_lightning.app.training.loops import lacking_for


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
            part: _merged(loops[part](model, datamodule=datamodule, verbose=False, weights_only=True))
            for part in parts
            if not lacking_for(part, model, datamodule)
        }


def _merged(metrics_of_loaders: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: float(value) for metrics in metrics_of_loaders for name, value in metrics.items()}
