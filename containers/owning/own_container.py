"""The container of a family of one's own: a provider for each parameter of its wiring function."""

from collections.abc import Mapping
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch
from dependency_injector import providers
from dependency_injector.containers import DeclarativeContainer

from nested_lightning.app.assembly.assembler import Assembler
from nested_lightning.app.assembly.wiring.making import Place, make
from nested_lightning.app.assembly.wiring.wiring import MODEL
from nested_lightning.app.checkpoints.recipe import Recipe
from nested_lightning.app.errors import UserError
from nested_lightning.app.exporting.own_model import NUM_BATCHES, exports_of
from nested_lightning.app.own.composer import DATA, Composer, data_spec_of, first_batches
from nested_lightning.app.own.data_facts import OwnDataSpec, example_of, unknown_in
from nested_lightning.app.own.desk import OwnDesk
from nested_lightning.app.own.evaluate import OwnEvaluator
from nested_lightning.app.own.predict import OwnPredictor, answer_files, lacking_predictor
from nested_lightning.app.own.setting_up import make_datamodule, set_up
from nested_lightning.app.own.summary import own_summary
from nested_lightning.app.report.family_sections import FamilySections, OwnSections
from nested_lightning.containers.owning.own_choice import wiring_arguments
from nested_lightning.containers.owning.part_providers import DataProvider, makers_of, part_providers
from nested_lightning.containers.owning.plan import WiringPlan, parts_of
from nested_lightning.containers.owning.signatures import argument_names
from nested_lightning.containers.providing.chosen import seeded_assembler
from nested_lightning.containers.providing.declared import DeclaredFactory, is_replaced
from nested_lightning.containers.providing.trained import new_model, trained_model
from nested_lightning.containers.serving.services import make_router
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.base import Settings
from nested_lightning.settings.describing.walking import fields_of


def own_container(plan: WiringPlan, settings_model: type[Settings], *, section: str) -> type[Any]:
    """Return the container's class.

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
        unread_datamodule: Any = providers.Object(None)
        datamodule: Any = providers.Object(None)
        if plan.data is not None:
            unread_datamodule, datamodule = _data_providers(
                plan.data, settings_model, settings.provided.data, known_data_spec, section
            )
        arguments: Any = providers.Callable(wired_arguments)
        composer = providers.Singleton(
            Composer,
            function=providers.Object(plan.function),
            path=section,
            arguments=arguments,
            takes_data=plan.takes_data,
        )
        data_spec = providers.Singleton(data_spec_of, known_data_spec, composer, datamodule.provider)
        data_summary = providers.Callable(own_summary, datamodule, data_spec)
        example_batches = providers.Callable(_examples, data_spec)
        unknown_in_batches = providers.Callable(_unknown, data_spec)
        real_batches = providers.Callable(_real_batches, datamodule)
        exports = providers.Callable(exports_of, data_spec=data_spec, name=section)
        recipe = providers.Factory(trainer.recipe, data_spec=data_spec.provided.to_dict.call())
        assembler = seeded_assembler(section, application, trainer)
        model = providers.Factory(_compose, composer, data_spec, recipe, assembler=assembler)
        data_fingerprint = composer.provided.find_data_spec.call(datamodule).fingerprint
        wiring_differences = composer.provided.differences.call(data_spec)
        evaluator = providers.Factory(
            OwnEvaluator,
            model=trained_model(model, application, trainer),
            datamodule=datamodule,
            seed=application.provided.seed,
        )
        report_sections = DeclaredFactory(FamilySections, OwnSections)
        report_arguments = providers.Dict(
            model=trained_model(model, application, trainer),
            datamodule=datamodule,
            predictor=providers.Object(None),
        )
        some_data = providers.Callable(_some_data, datamodule.provider, unread_datamodule.provider)
        predictor = providers.Factory(
            OwnPredictor,
            model=trained_model(model, application, trainer),
            datamodule=some_data.provider,
            name=section,
        )
        answers = providers.Callable(answer_files, predictor)
        http_desk = providers.Factory(OwnDesk, predictor=predictor, data_spec=data_spec)
        http_router = providers.Callable(make_router, http_desk, application.provided.family)
        check_notes = providers.Callable(_notes, some_data.provider, section)
        training_run = providers.Factory(
            trainer.training_run,
            **new_model(model, trainer, predictor),
            datamodule=datamodule,
            summarize_data=data_summary.provider,
        )

    parts = part_providers(plan.parts, settings_model, partial(getattr, OwnContainer.settings.provided))
    for name, provider in parts.items():
        if hasattr(OwnContainer, name):
            raise UserError(
                f"{section}: a part can't be called {name}, as every container has that already: rename that"
                " parameter of the wiring function"
            )
        setattr(OwnContainer, name, provider)
    OwnContainer.arguments.set_args(OwnContainer.settings, plan, makers_of(parts))
    return OwnContainer


def wired_arguments(settings: Settings, plan: WiringPlan, makers: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the wiring function is called with, besides the data."""
    values = dict(settings)
    own = {name: value for name, value in values.items() if name in (*plan.plain, *plan.sections)}
    given = wiring_arguments(own, plan.parts, makers)
    if plan.model is not None:
        kept = {name: values[name] for name in argument_names(plan.model) if name in values.keys() - own}
        given[MODEL] = partial(plan.model, **kept)
    return given


def _data_providers(
    maker: Any, settings_model: type[Settings], settings: Any, known_data_spec: Any, section: str
) -> tuple[providers.Singleton[Any], DataProvider]:
    """Return the providers of the datamodule as it is made, and of the same one ready for training."""
    parts, model = parts_of(maker), fields_of(settings_model)[DATA]
    assert isinstance(model, type)
    assert issubclass(model, Settings)
    makers = makers_of(part_providers(parts, model, partial(getattr, settings)))
    made = providers.Singleton(make_data, maker, parts, f"{section}.datamodule", settings, makers)
    return made, DataProvider(build_data, made, known_data_spec, makers)


def make_data(maker: Any, parts: Any, path: str, settings: Settings, makers: Mapping[str, Any]) -> Any:
    """Return the datamodule, which has read nothing yet."""
    given = wiring_arguments(dict(settings), parts, makers)
    return make_datamodule(partial(make, maker, (), given, Place(path)), path=path)


def build_data(datamodule: Any, known: OwnDataSpec | None, makers: Any) -> Any:
    """Return the datamodule, ready for training."""
    del makers  # the datamodule is made of them; a provider has the paths of its parts from here
    return set_up(datamodule, known_split=known.split if known else {})


def _some_data(datamodule: Any, unread: Any, *, is_ready: bool) -> Any:
    return (datamodule if is_ready or is_replaced(datamodule) else unread)()


def _compose(composer: Composer, data_spec: OwnDataSpec, recipe: Recipe, *, assembler: Assembler) -> Any:
    return composer(data_spec, recipe, assembler=assembler)


def _notes(datamodule: Any, section: str, model: Any) -> list[str]:
    return [*filter(None, [lacking_predictor(model, datamodule(is_ready=False), name=section)])]


def _real_batches(datamodule: Any, num_samples: int = 1) -> list[Any]:
    """Return the first batches, which are as their loader gives them, a few where many samples are wanted."""
    with torch.random.fork_rng(devices=[]):
        return first_batches(datamodule, min(num_samples, NUM_BATCHES))


def _examples(data_spec: OwnDataSpec, num_samples: int = 2, device: str | None = None) -> list[Any]:
    if data_spec.batch is None or "other" in data_spec.batch:
        return []
    with torch.device(device) if device else nullcontext():
        return [example_of(data_spec.batch, num_samples)]


def _unknown(data_spec: OwnDataSpec) -> list[str]:
    return [] if data_spec.batch is None else sorted({*unknown_in(data_spec.batch)})
