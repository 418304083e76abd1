"""Values of a whole epoch, logged without the bookkeeping that Lightning has for values of single steps."""

from collections.abc import Mapping

import torch
from pytorch_lightning import Trainer
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor


def is_in_epoch_of_fit(trainer: Trainer) -> bool:
    """Return whether the Trainer trains, or validates in a training; then `log_epoch_values` can be used."""
    return trainer.state.fn == TrainerFn.FITTING and not trainer.sanity_checking


def log_epoch_values(trainer: Trainer, values: Mapping[str, Tensor | float]) -> None:
    """Give final values of an epoch to callbacks and loggers, from one of the hooks at its end.

    It does what ``self.log`` does there, at a tenth of the cost: that one makes a metric of each value, to
    add it up over batches and processes, which isn't wanted here.

    Args:
        trainer: In a training, see `is_in_epoch_of_fit`.
        values: By name, scalars; the same in every process.
    """
    scalars = {name: torch.as_tensor(value).detach().float() for name, value in values.items()}
    trainer._logger_connector._callback_metrics.update(scalars)
    log_at_last_step(trainer, scalars)


def log_at_last_step(trainer: Trainer, values: Mapping[str, Tensor]) -> None:
    """Log values under the number of the step that was the last; in training Lightning counts it already."""
    connector, epoch_loop = trainer._logger_connector, trainer.fit_loop.epoch_loop
    num_ahead = 0 if trainer.validating else 1
    epoch_loop._batches_that_stepped -= num_ahead
    try:
        connector.log_metrics(dict(values))
    finally:
        epoch_loop._batches_that_stepped += num_ahead
