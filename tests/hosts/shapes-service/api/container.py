"""The service's own container; two applications of Nested Lightning are among its providers."""

from dependency_injector import providers
from dependency_injector.containers import DeclarativeContainer

from api.settings import ServiceSettings
from nested_lightning import from_checkpoint


class ServiceContainer(DeclarativeContainer):
    """Everything that the service is made of."""

    settings = providers.Singleton(ServiceSettings)
    shapes = providers.Singleton(
        from_checkpoint, settings.provided.shapes_checkpoint, device=settings.provided.device
    )
    letters = providers.Singleton(
        from_checkpoint, settings.provided.letters_checkpoint, device=settings.provided.device
    )
    shape_predictor = shapes.provided.multi_feature.predictor.call()
    letter_predictor = letters.provided.variant.predictor.call()
