"""The model that a container has trained: what its model, predictor and evaluator are from then on."""

from functools import partial
from typing import Any

from dependency_injector import providers
from pytorch_lightning import LightningModule

from nested_lightning.app.errors import UserError
from nested_lightning.containers.providing.declared import without_overriding


class TrainedModel(providers.Object[Any]):
    """The provider of a model that was trained in this container; the next training has one of its own."""


def new_model(model: Any, trainer: Any) -> dict[str, Any]:
    """Return what a family's ``training_run`` gets: a new model, and what keeps it when it is trained.

    Args:
        model: The family's provider of models.
        trainer: The trainer's container.
    """
    return {
        "model": providers.Callable(_build, model.provider, trainer.run_folder.provider),
        "keep": providers.Callable(partial, _keep, model.provider),
    }


def trained_model(model: Any, application: Any) -> Any:
    """Return a provider of the model that a family's predictor and evaluator use.

    It gives the model that was trained, or read from a checkpoint; before that it raises a `UserError`,
    unless something is overridden, as in tests.

    Args:
        model: The family's provider of models.
        application: Provider of the application's settings.
    """
    return providers.Callable(_find, model.provider, application.provided.model)


def _keep(model: Any, trained: LightningModule) -> None:
    if isinstance(model.last_overriding, TrainedModel):
        model.reset_last_overriding()
    model.override(TrainedModel(trained))


def _build(model: Any, run_folder: Any) -> Any:
    made = run_folder.last_overriding
    if isinstance(model.last_overriding, TrainedModel) and isinstance(made, providers.BaseSingleton):
        made.reset()  # that of the training before
    for overriding in reversed(model.overridden):
        if not isinstance(overriding, TrainedModel):
            return overriding()
    return without_overriding(model)()


def _find(model: Any, family: str) -> Any:
    if model.last_overriding is None:
        raise UserError(
            f"{family}: nothing has been trained in this container yet; call its training_run()(), or open a"
            " checkpoint, also of a training that was stopped, with from_checkpoint"
        )
    return model()
