"""The container of a family of one's own: a provider for each parameter of its wiring function."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from dependency_injector import providers
from dependency_injector.containers import DeclarativeContainer

from nested_lightning.app.assembly.assembler import Assembler
from nested_lightning.app.assembly.wiring.composing import (
    Composer,
    ItemMakers,
    data_spec_of,
    set_up,
)
from nested_lightning.app.assembly.wiring.data_facts import OwnDataSpec, example_of
from nested_lightning.app.assembly.wiring.evaluating import OwnEvaluator
from nested_lightning.app.assembly.wiring.parts import Declaration
from nested_lightning.app.assembly.wiring.wiring import MODEL, make_here
from nested_lightning.app.checkpoints.recipe import Recipe
from nested_lightning.app.errors import UserError
from nested_lightning.containers.owning.own_settings import WiringPlan
from nested_lightning.containers.owning.signatures import plain_arguments
from nested_lightning.containers.providing.named import NamedProviders
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.base import ChoiceSettings, Settings


def own_container(plan: WiringPlan, settings_model: type[Settings], *, section: str) -> type[Any]:
    """Return the container's class.

    Args:
        plan: What the wiring function takes.
        settings_model: See `own_settings`.
        section: Name of the family's section.

    Raises:
        UserError: A part is called what a container has already.
    """

    class OwnContainer(DeclarativeContainer):
        """From the settings of a wiring function's parameters to a trained composite."""

        application = providers.Dependency(instance_of=ApplicationSettings)
        settings = providers.Dependency(instance_of=settings_model)
        trainer = providers.DependenciesContainer()

        data_spec_type = providers.Object(OwnDataSpec)
        known_data_spec: providers.Object[Any] = providers.Object(None)
        datamodule: Any = (
            providers.Object(None)
            if plan.data is None
            else providers.Singleton(_build_data, plan.data, settings.provided.data)
        )
        arguments: Any = providers.Dict()
        composer = providers.Singleton(
            Composer,
            function=providers.Object(plan.function),
            path=section,
            arguments=arguments,
            takes_data=plan.data is not None,
        )
        data_spec = providers.Singleton(data_spec_of, known_data_spec, composer, datamodule.provider)
        example_batches = providers.Callable(_examples, data_spec)
        recipe = providers.Factory(trainer.recipe, data_spec=data_spec.provided.to_dict.call())
        assembler = providers.Factory(Assembler, seed=application.provided.seed, path=section)
        model = providers.Factory(_compose, composer, data_spec, recipe, assembler=assembler)
        evaluator = providers.Factory(OwnEvaluator, model=model, datamodule=datamodule)
        answers = providers.Callable(_refuse_to_predict, section)
        training_run = providers.Factory(trainer.training_run, model=model, datamodule=datamodule)

    for name, declaration in plan.parts.items():
        if hasattr(OwnContainer, name):
            raise UserError(f"{section}: a part can't be called {name}, as every container has that already")
        for one, provider in _part_providers(name, declaration, OwnContainer.settings).items():
            setattr(OwnContainer, one, provider)
    OwnContainer.arguments.add_kwargs(**_arguments(plan, OwnContainer))
    return OwnContainer


def _part_providers(name: str, declaration: Declaration, settings: Any) -> dict[str, providers.Provider[Any]]:
    if not declaration.is_plural:
        return {name: providers.Callable(_build_choice, getattr(settings.provided, name))}
    if declaration.each is None:
        every: providers.Provider[Any] = providers.Callable(make_here, providers.Object(declaration.kind()))
    else:
        every = providers.Callable(_build_choice, getattr(settings.provided, declaration.each))
    items = NamedProviders(
        providers.Callable(
            _build_item, every.provider, providers.Singleton(dict, getattr(settings.provided, name))
        )
    )
    return {name: items} if declaration.each is None else {declaration.each: every, name: items}


def _arguments(plan: WiringPlan, container: type[Any]) -> dict[str, Any]:
    settings = container.settings
    given: dict[str, Any] = {name: getattr(settings.provided, name) for name in plan.plain}
    for name, declaration in plan.parts.items():
        provider = getattr(container, name).provider
        given[name] = (
            providers.Factory(ItemMakers, provider, getattr(settings.provided, name))
            if declaration.is_plural
            else provider
        )
    if plan.model is not None:
        own = [one.name for one in plain_arguments(plan.model)]
        given[MODEL] = providers.Callable(
            _with_settings, providers.Object(plan.model), settings, providers.Object(own)
        )
    return given


def _with_settings(model: Any, settings: Settings, names: list[str]) -> Any:
    return partial(model, **{name: getattr(settings, name) for name in names})


def _build_data(make: Any, settings: Settings) -> Any:
    return set_up(make, **dict(settings))


def _build_choice(choice: ChoiceSettings | None, *args: Any, **kwargs: Any) -> Any:
    if choice is None:
        return None
    return make_here(choice.target, *args, **{**choice.arguments(), **kwargs})


def _build_item(
    every: Any, choices: Mapping[str, ChoiceSettings], name: str, *args: Any, **kwargs: Any
) -> Any:
    if name in choices:
        return _build_choice(choices[name], *args, **kwargs)
    return every(*args, **kwargs)


def _compose(composer: Composer, data_spec: OwnDataSpec, recipe: Recipe, *, assembler: Assembler) -> Any:
    return composer(data_spec, recipe, assembler=assembler)


def _refuse_to_predict(section: str, **_: Any) -> Any:
    raise UserError(f"{section} has no predictor: call its model in Python, see from_checkpoint")


def _examples(data_spec: OwnDataSpec) -> list[Any]:
    batch = None if data_spec.batch is None else example_of(data_spec.batch)
    return [] if batch is None else [batch]
