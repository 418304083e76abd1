"""Ready containers: from settings, or from a checkpoint."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from dependency_injector import containers, providers
from pydantic import InstanceOf

from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.assembly.fitting import refuse_unfit_weights
from nested_lightning.app.checkpoints.model_file import read_model_file
from nested_lightning.app.checkpoints.recipe import Recipe, read_recipe
from nested_lightning.app.devices import find_device
from nested_lightning.app.errors import UserError
from nested_lightning.app.foreign_files import foreign_file
from nested_lightning.app.training.runs.run_folder import model_file_in
from nested_lightning.containers.application import ApplicationContainer, compose_application
from nested_lightning.containers.overrides.applying import override_for_good
from nested_lightning.containers.overrides.model_provider import RestoredModel
from nested_lightning.containers.overrides.restoring import restore_overrides
from nested_lightning.containers.owning.descriptor import families_of
from nested_lightning.containers.providing.data_in_memory import give_data, with_place_of
from nested_lightning.containers.providing.pretrained import with_descriptions
from nested_lightning.settings.application import (
    ApplicationSettings,
    change_settings,
    data_places,
    parse_settings,
)
from nested_lightning.settings.families import families, find_family, knowing
from nested_lightning.settings.family import Family
from nested_lightning.settings.plugging.packages import explain_missing, explain_versions
from nested_lightning.settings.reading.errors import SettingsError
from nested_lightning.settings.reading.loading import load_settings
from nested_lightning.settings.reading.merging import merge
from nested_lightning.settings.reading.short_options import refuse_foreign_options


@checked_arguments
def bootstrap(
    settings: InstanceOf[ApplicationSettings] | Mapping[str, Any] | str | Path,
    *,
    family: Any = None,
    overrides: Mapping[str, Any] | None = None,
    data: Any = None,
) -> ApplicationContainer:
    """Return a ready container with the family that the settings name.

    Args:
        settings: Checked settings; values such as ``{"model": "multi-feature", "trainer.max_epochs": 3}``,
            nested or by dotted names; a family's name; or a settings file, which is a path or ends in
            ``.yaml`` or ``.yml``. Neither the environment nor any other file is read.
        family: A function that `family` made a family, or its descriptor, which this container alone then
            knows; ``model`` may be left out.
        overrides: What takes the places of providers, by path, for as long as the container lives; see
            `overriding`.
        data: What takes the place of the family's ``data.path``: a path; or, for multi-feature, a data frame
            of pandas or polars, a table of Arrow or a mapping of columns. They aren't changed, nor copied:
            leave them as they are while the container is used.

    Raises:
        SettingsError: The values are wrong, with one line for each mistake; or the file can't be read, or is
            of a training with overrides that aren't given again.
        UserError: An override is at no provider's path, or lacks what is expected there; or the family takes
            no data in memory.
    """
    own = families_of(family)
    with knowing(*own):
        checked = _checked(settings, overrides or {}, *own)
    if data is not None:
        checked = with_place_of(checked, data)
    checked = with_descriptions(checked)
    application = compose_application(checked.family)(settings=checked)
    give_data(family_container(application), data, model=checked.model)
    override_for_good(application, overrides or {})
    return application


def _checked(
    settings: ApplicationSettings | Mapping[str, Any] | str | Path,
    overrides: Mapping[str, Any],
    own: Family | None = None,
) -> ApplicationSettings:
    if isinstance(settings, ApplicationSettings):
        return settings
    named = {} if own is None else {"model": own.name}
    if isinstance(settings, Path) or (isinstance(settings, str) and settings.endswith((".yaml", ".yml"))):
        return load_settings(config=settings, assignments=[named] if named else [], overrides=[*overrides])
    values = {"model": settings} if isinstance(settings, str) else settings
    return parse_settings({**named, **values})


def family_container(application: ApplicationContainer) -> Any:
    """Return the container of the family that the application's settings name.

    Raises:
        UserError: It is no application's container.
    """
    if not isinstance(application, containers.Container) or "settings" not in application.providers:
        raise UserError(
            f"{application!r} is no container; give one, as bootstrap or from_checkpoint makes it"
        )
    return getattr(application, application.settings().family.section)


def provider_of(application: ApplicationContainer, name: str) -> Any:
    """Return the provider of what a command needs of the application's family.

    Raises:
        UserError: The family's container, of a plug-in, has no such provider.
    """
    family = family_container(application)
    if name not in family.providers:
        model = application.settings().model
        raise UserError(f"{model} has no {name}: its container lacks a provider of that name")
    return family.providers[name]


@checked_arguments
def from_checkpoint(
    path: str | Path,
    *,
    family: Any = None,
    changes: Mapping[str, Any] | None = None,
    family_changes: Mapping[str, Any] | None = None,
    overrides: Mapping[str, Any] | None = None,
    data: Any = None,
    device: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> ApplicationContainer:
    """Return a ready container whose model is the one in the checkpoint, built from the file alone.

    The family's ``data_spec`` is the checkpoint's, and ``model`` gives the restored composite in
    evaluation mode.

    Args:
        path: A local checkpoint of this project, opened with ``weights_only=True``, a run folder, whose best
            one is taken, or a safetensors file that ``export`` wrote.
        family: The function that `family` made the checkpoint's family, where no package registers it.
        changes: Values put over the checkpoint's settings, nested or by dotted names.
        family_changes: The same within the section of its family, e.g. another data file.
        overrides: What takes the places of providers, by path. What was a class or a ready module of yours in
            training has to be given again, since a file can't name code to import; a class is called with the
            options that it was called with then.
        data: Other data than those of the training, for the evaluator, see `bootstrap`. They are split alike;
            with ``family_changes={"data": {"split": {"kind": "whole"}}}`` every row is a test row.
        device: Where the model is put, e.g. ``cuda:1``; None: as ``prediction.device`` says.
        environ: Variables, of which those are read that say where the data are now.

    Raises:
        UserError: The file can't be opened, has no readable recipe, needs a plug-in that isn't here, its
            weights don't fit the recipe, or there is no such device.
        OverrideNeededError: A submodule was overridden in training, and isn't given.
        SettingsError: The settings in the file, or the changes, are wrong.
    """
    path = model_file_in(Path(path))
    checkpoint = read_model_file(path)
    recipe = read_recipe(checkpoint, source=path)
    with knowing(*families_of(family)), naming_packages(recipe, source=path):
        known = find_family(recipe.family)
        refuse_foreign_options(known, family_changes or {})
        wanted = merge(data_places(environ or {}, known), changes or {})
        wanted = merge(wanted, {known.section: family_changes or {}})
        if device is not None:
            wanted = merge(wanted, {"prediction": {"device": device}})
        build = partial(from_recipe, recipe, changes=wanted, overrides=overrides, data=data, source=path)
        application = build()
        if not recipe.overrides:  # a user's ready module isn't built again
            _refuse_unfit(family_container(build()), checkpoint, path)
    container = family_container(application)
    try:
        model = container.model()
        if "pytorch-lightning_version" in checkpoint:  # else it holds weights and recipe alone
            model.on_load_checkpoint(checkpoint)
        model.load_state_dict(checkpoint["state_dict"])
    except (KeyError, RuntimeError, MemoryError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"checkpoint {path}: its weights don't fit its recipe: {reason}") from None
    placed = model.eval().to(find_device(application.settings().prediction.device))
    container.model.override(RestoredModel(placed))
    return application


def _refuse_unfit(twin: Any, checkpoint: Mapping[str, Any], path: Path) -> None:
    """Refuse weights that aren't those of the recipe, before memory is taken for a model."""
    with foreign_file(f"checkpoint {path}"):
        twin.data_spec()
        refuse_unfit_weights(twin.model, checkpoint["state_dict"])


def from_recipe(
    recipe: Recipe,
    *,
    changes: Mapping[str, Any],
    overrides: Mapping[str, Any] | None = None,
    data: Any = None,
    source: Path,
) -> ApplicationContainer:
    """Return a ready container whose model is built by a recipe, with initial weights; see `from_checkpoint`.

    Raises:
        UserError: The data spec is none of the family.
        OverrideNeededError: A submodule was overridden, and isn't given.
        SettingsError: The settings are wrong.
    """
    application = bootstrap(change_settings(_for_use(recipe.settings), changes), data=data)
    family = family_container(application)
    with foreign_file(f"checkpoint {source}"):
        data_spec = family.data_spec_type().from_dict(recipe.data_spec)
    family.known_data_spec.override(providers.Object(data_spec))
    restored = restore_overrides(
        application, recipe.overrides, overrides or {}, source=source, is_for_training=False
    )
    override_for_good(application, restored)
    return application


def _for_use(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return recorded settings without what a training alone needs, and the packages for it."""
    trainer = settings.get("trainer")
    if not isinstance(trainer, Mapping):
        return dict(settings)
    kept = {name: value for name, value in trainer.items() if name not in ("callbacks", "loggers")}
    return {**settings, "trainer": kept}


@contextmanager
def naming_packages(recipe: Recipe, *, source: Path) -> Iterator[None]:
    """Add to an error in settings which packages are missing or have another version."""
    try:
        yield
    except SettingsError as error:
        reasons = explain_missing(recipe.packages) or [str(error), *explain_versions(recipe.packages)]
        if reasons == [str(error)] and recipe.family in families():
            _refuse_recorded_settings(recipe, source)
            raise
        raise UserError("\n".join(f"checkpoint {source}: {reason}" for reason in reasons)) from None


def _refuse_recorded_settings(recipe: Recipe, source: Path) -> None:
    """Name the file in errors of its own settings, and not in those of changes to them."""
    try:
        parse_settings(recipe.settings)
    except SettingsError as error:
        raise SettingsError([f"checkpoint {source}: {problem}" for problem in error.problems]) from None
