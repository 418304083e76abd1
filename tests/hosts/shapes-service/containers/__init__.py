"""The service's own container, whose parts are applications of Nested Lightning, to train and to serve."""

from pathlib import Path

from dependency_injector import providers
from dependency_injector.containers import DeclarativeContainer

import nested_lightning as nl
from app.desk import Desk
from settings import ServiceSettings


def read_training(file: Path, models: Path, name: str) -> nl.ApplicationSettings:
    """Read the settings of a training, which makes the folder ``name`` among the models."""
    return nl.load_settings(config=file, assignments=[{"run_dir": str(models / name)}])


def open_model(models: Path, name: str, device: str) -> nl.ApplicationContainer:
    """Open what a training came to."""
    return nl.from_checkpoint(models / name / "checkpoints" / "best.ckpt", device=device)


class ServiceContainer(DeclarativeContainer):
    """Everything that the service is made of."""

    settings = providers.Singleton(ServiceSettings)
    models = settings.provided.models
    device = settings.provided.device

    shapes_training = providers.Container(
        nl.compose_application(nl.find_family("multi-feature")),
        settings=providers.Singleton(read_training, settings.provided.shapes_training, models, "shapes"),
    )
    letters_training = providers.Container(
        nl.compose_application(nl.find_family("variant")),
        settings=providers.Singleton(read_training, settings.provided.letters_training, models, "letters"),
    )

    shapes = providers.Singleton(open_model, models, "shapes", device)
    letters = providers.Singleton(open_model, models, "letters", device)
    desk = providers.Singleton(
        Desk,
        shapes=shapes.provided.multi_feature.predictor.call(),
        letters=letters.provided.variant.predictor.call(),
        max_items=settings.provided.max_items,
    )
