"""Lightning's finders, run on a composite in a folder that is gone afterwards."""

import warnings
from collections.abc import Callable, Iterator, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning import LightningDataModule, LightningModule, Trainer
from pytorch_lightning.tuner.tuning import Tuner

from nested_lightning.app.errors import UserError
from nested_lightning.app.random_numbers import seeded_generators

TrainerFactory = Callable[..., Trainer]
"""Called with ``root``, the folder for what Lightning writes."""

MAX_BATCH_SIZE = 8192
"""A larger one isn't tried, as on a CPU none is too large."""


@dataclass(frozen=True)
class RateSearch:
    """The smoothed loss at growing learning rates, and the rate at which it falls most steeply."""

    rates: Sequence[float]
    losses: Sequence[float]
    suggestion: float


def find_learning_rate(
    build: TrainerFactory,
    model: LightningModule,
    datamodule: LightningDataModule | None,
    *,
    seed: int,
    min_lr: float = 1e-6,
    max_lr: float = 1.0,
    num_steps: int = 100,
) -> RateSearch:
    """Train with a rate that grows from step to step, and see where the loss falls most steeply.

    Args:
        build: Builds a Trainer.
        model: With one optimiser, whose schedule isn't used.
        datamodule: Gives the training part; None: the model does.
        seed: Of dropout and whatever else is drawn.
        min_lr: First rate.
        max_lr: Last rate; the search ends before it where the loss is four times its smallest.
        num_steps: Steps from the one to the other.

    Raises:
        UserError: The model has several optimisers, or no rate stands out.
    """
    with _tuner(build, model, seed) as tuner:
        found: Any = tuner.lr_find(
            model,
            datamodule=datamodule,
            min_lr=min_lr,
            max_lr=max_lr,
            num_training=num_steps,
            update_attr=False,
        )
        suggestion = found.suggestion()
    if suggestion is None:
        raise UserError(f"no learning rate stands out in {len(found.results['loss'])} steps: raise --steps")
    return RateSearch(found.results["lr"], found.results["loss"], suggestion)


def find_batch_size(
    build: TrainerFactory, model: LightningModule, datamodule: LightningDataModule | None, *, seed: int
) -> int:
    """Double the batch size until memory or the training part is exhausted; return the last that fitted.

    The ``batch_size`` of the datamodule is changed, and so may the model be.

    Raises:
        UserError: The model has several optimisers, or nothing has a ``batch_size``.
    """
    with _tuner(build, model, seed) as tuner:
        try:
            size = tuner.scale_batch_size(model, datamodule=datamodule, max_val=MAX_BATCH_SIZE)
        except AttributeError as error:
            owner = type(model if datamodule is None else datamodule).__name__
            raise UserError(f"{owner} has no batch_size that could be varied: {error}") from error
    return min(int(size or 0), _num_samples(model if datamodule is None else datamodule))


def _num_samples(source: Any) -> int:
    """Return how many samples a batch can hold at most."""
    samples = getattr(source.train_dataloader(), "dataset", None)
    return len(samples) if isinstance(samples, Sized) else MAX_BATCH_SIZE


@contextmanager
def _tuner(build: TrainerFactory, model: LightningModule, seed: int) -> Iterator[Tuner]:
    if not model.automatic_optimization:
        raise UserError(
            f"{type(model).__name__} steps several optimisers itself, and Lightning's finders know one alone:"
            " try values by --set"
        )
    with TemporaryDirectory() as folder, seeded_generators(seed), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # Lightning's use of torch
        try:
            yield Tuner(build(root=Path(folder)))
        except MisconfigurationException as error:
            raise UserError(f"the search can't be made with this model: {error}") from error
