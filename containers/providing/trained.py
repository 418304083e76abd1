"""The model that a container has trained: what its model, predictor and evaluator are from then on."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from dependency_injector import providers
from pytorch_lightning import LightningModule

from nested_lightning.app.errors import UserError
from nested_lightning.app.training.reporting.log_file import PROJECT_LOGGER
from nested_lightning.app.training.runs.last_training import LastTraining
from nested_lightning.containers.providing.declared import without_overriding

_logger = logging.getLogger(PROJECT_LOGGER)
_NOTHING_TRAINED = (
    "nothing has been trained in this container yet; call its training_run()(), or open a checkpoint with"
    " from_checkpoint"
)


class TrainedModel(providers.Object[Any]):
    """The provider of a model that was trained in this container; the next training has one of its own."""


def new_model(model: Any, trainer: Any, predictor: Any) -> dict[str, Any]:
    """Return arguments of a family's ``training_run``: a new model, and what keeps it once it is trained.

    The family's provider of predictors takes ``model``.
    """
    return {
        "model": providers.Callable(
            _build, model.provider, trainer.run_folder.provider, trainer.last_training
        ),
        "keep": providers.Callable(partial, _keep, model.provider, predictor.provider),
    }


def trained_model(model: Any, application: Any, trainer: Any) -> Any:
    """Return a provider of the model that a family's predictor and evaluator use.

    It gives the model that was trained, or read from a checkpoint; before that, and after a training that
    failed or was stopped, it raises a `UserError`, unless something is overridden, as in tests.
    """
    return providers.Callable(_find, model.provider, application.provided.model, trainer.last_training)


def _keep(model: Any, predictor: Any, trained: LightningModule) -> Callable[[], Any]:
    """Let the container hold a model; return what makes its predictor, whatever is trained later."""
    if isinstance(model.last_overriding, TrainedModel):
        model.reset_last_overriding()
    model.override(TrainedModel(trained))
    return partial(_predictor_of, predictor, trained)


def _predictor_of(predictor: Any, trained: LightningModule) -> Any:
    is_replaced = predictor.last_overriding is not None  # a replacement need not take a model
    return predictor() if is_replaced else predictor(model=trained)


def _build(model: Any, run_folder: Any, last: LastTraining) -> Any:
    made = run_folder.last_overriding
    if last.next_number > 1 and isinstance(made, providers.BaseSingleton):
        made.reset()  # that of the training before
    for overriding in reversed(model.overridden):
        if not isinstance(overriding, TrainedModel):
            return overriding()
    return without_overriding(model)()


def _find(model: Any, family: str, last: LastTraining) -> Any:
    held = model.last_overriding
    if last.fault and isinstance(held, providers.Object):
        source = last.checkpoint or "what was there before"
        _logger.warning("%s: %s; the model is that of %s", family, last.fault, source)
    elif last.fault or held is None:
        raise UserError(f"{family}: {last.fault or _NOTHING_TRAINED}")
    return model()
