"""The application's container: its settings, its trainer, and one container for each family."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from dependency_injector import providers
from dependency_injector.containers import DeclarativeContainer
from pydantic import InstanceOf

from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.training.runs.result import TrainingResult
from nested_lightning.containers.providing.choices import import_target
from nested_lightning.containers.providing.explorable import (
    ContainerProvider,
    ExplorableContainer,
    FamilyContainer,
)
from nested_lightning.containers.trainer import TrainerContainer
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.families import find_family
from nested_lightning.settings.family import Family


class ApplicationContainer(DeclarativeContainer):
    """What all families share; `compose_application` adds the families."""

    if TYPE_CHECKING:
        train: providers.Provider[TrainingResult]
        """Called, it trains the family that the settings name."""

        def __getattr__(self, family: str) -> FamilyContainer:  # type: ignore[override]
            """Declare the families' containers, for type checkers."""

    instance_type = ExplorableContainer
    settings = providers.Dependency(instance_of=ApplicationSettings)
    trainer = ContainerProvider(TrainerContainer, application=settings, settings=settings.provided.trainer)


@checked_arguments
def compose_application(*families: InstanceOf[Family]) -> type[ApplicationContainer]:
    """Return an `ApplicationContainer` with the container of each family, under the family's section.

    Only the containers that are named here are imported.

    Raises:
        UserError: One is no family's descriptor.
    """

    class ComposedApplicationContainer(ApplicationContainer):
        # Its own, since a provider remembers, and copies, whatever it was ever put in the place of.
        __self__ = providers.Self()
        settings = providers.Dependency(instance_of=ApplicationSettings)
        trainer = ContainerProvider(
            TrainerContainer,
            application=settings,
            settings=settings.provided.trainer,
            write_report=providers.Callable(_reporting, __self__, settings.provided.trainer.use_report),
        )

    composed: Any = ComposedApplicationContainer
    for family in families:
        container: Any = import_target(family.container or find_family(family.name).container)
        provider = ContainerProvider(
            container,
            application=composed.settings,
            settings=providers.Singleton(getattr, composed.settings, family.section),
            trainer=composed.trainer,
        )
        setattr(composed, family.section, provider)
    containers = {family.section: getattr(composed, family.section) for family in families}
    composed.train = providers.Callable(_train, composed.settings, **containers)
    result: type[ApplicationContainer] = composed
    return result


def _train(settings: ApplicationSettings, **families: Any) -> TrainingResult:
    """Train the family that the settings name, and return the result."""
    result: TrainingResult = families[settings.family.section].training_run()()
    return result


def _reporting(application: Any, is_wanted: bool) -> Callable[[TrainingResult, float], None] | None:
    """Return what writes the report of a training; None: there is none."""
    return partial(_write_report, application) if is_wanted else None


def _write_report(application: Any, result: TrainingResult, scoring_s: float) -> None:
    from nested_lightning.containers.reporting.run_report import write_after_training

    write_after_training(application, result, scoring_s=scoring_s)
