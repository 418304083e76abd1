"""From a run folder to the rest of its training."""

import logging
from collections.abc import Callable, Mapping
from functools import partial, reduce
from pathlib import Path
from typing import Any

from dependency_injector import providers

from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.checkpoints.recipe import Recipe, read_overrides, read_recipe
from nested_lightning.app.errors import UserError
from nested_lightning.app.foreign_files import foreign_file
from nested_lightning.app.training.reporting.loggers import saved_run_ids
from nested_lightning.app.training.runs.result import TrainingResult
from nested_lightning.app.training.runs.resume_point import ResumePoint, find_resume_point
from nested_lightning.app.training.runs.run import TrainingRun
from nested_lightning.app.training.runs.run_folder import RunFolder
from nested_lightning.containers.overrides.applying import override_for_good
from nested_lightning.containers.overrides.restoring import restore_overrides
from nested_lightning.containers.owning.descriptor import families_of
from nested_lightning.containers.providing.data_in_memory import place_of
from nested_lightning.containers.starting.batch_sharing import is_batch_size, share_batches
from nested_lightning.containers.starting.bootstrapping import bootstrap, family_container, naming_packages
from nested_lightning.settings.application import (
    ApplicationSettings,
    change_settings,
    data_paths,
    data_places,
    parse_settings,
)
from nested_lightning.settings.describing.walking import dotted
from nested_lightning.settings.families import find_family, knowing
from nested_lightning.settings.family import Family
from nested_lightning.settings.reading.loading import load_settings
from nested_lightning.settings.reading.merging import difference, flatten, merge, nest, nested
from nested_lightning.settings.reading.short_options import refuse_foreign_options
from nested_lightning.settings.reading.yaml_file import read_settings_file

_logger = logging.getLogger("nested_lightning.resuming")


@checked_arguments
def resume_training(
    path: str | Path,
    changes: Mapping[str, Any] | None = None,
    *,
    data: Any = None,
    overrides: Mapping[str, Any] | None = None,
    trainer_arguments: Callable[[], Mapping[str, Any]] = dict,
    environ: Mapping[str, str] | None = None,
    family: Any = None,
) -> TrainingRun:
    """Return the training of a run folder, ready to go on from its newest whole checkpoint.

    Settings are those that the checkpoint holds; those of the trainer are read from the run folder, where
    they may be changed, e.g. to train longer, and so is where the data lie. Without any checkpoint yet it
    begins anew. One that has ended gives its results once more and writes nothing.

    Args:
        path: A run folder.
        changes: Values put over the folder's settings, nested or by dotted names, e.g. of ``trainer``.
        data: Where the data are now, if they were moved; or the data themselves, which have to be given again
            if they were in memory, see `bootstrap`.
        overrides: What takes the places of providers, by path: what was put in when the training began has to
            be given again, unless it was a registered kind.
        trainer_arguments: Gives what is put over a Trainer's arguments, where another engine starts the
            processes; anew for each Trainer, since a strategy serves one alone.
        environ: Variables, of which those are read that say where the data are now.
        family: The function that `family` made the training's family, where no package registers it.

    Raises:
        OverrideNeededError: Something was overridden, and isn't given.
        UserError: There is no training in the folder; no checkpoint of it is whole; its settings or its data
            have changed; or the batches can't be shared by that many processes.
        SettingsError: The settings in the folder are wrong.
    """
    with knowing(*families_of(family)):
        return _resume(RunFolder.open(Path(path)), changes, data, overrides, trainer_arguments, environ)


def _resume(
    folder: RunFolder,
    changes: Mapping[str, Any] | None,
    data: Any,
    overrides: Mapping[str, Any] | None,
    trainer_arguments: Callable[[], Mapping[str, Any]],
    environ: Mapping[str, str] | None,
) -> TrainingRun:
    def told() -> dict[str, Any]:
        return settings_of(folder, changes, data, environ).to_plain()

    places = _provenance(folder, changes or {})
    prepare = partial(_prepare, folder, overrides or {}, trainer_arguments, data, places)
    point = find_resume_point(folder)
    if point is None:
        return prepare(told(), None, None)
    recipe = read_recipe(point.checkpoint, source=point.path)
    with naming_packages(recipe, source=point.path):
        before = parse_settings(recipe.settings).to_plain()
        settings = told()
    family = find_family(recipe.family)
    moved = _refuse_changes(folder, point, before, settings, family)
    if moved and not recipe.data_spec.get("fingerprint"):
        raise UserError(
            f"checkpoint {point.path} is of a version that doesn't know data by their content: put them back"
            f" to where they were ({', '.join(moved)})"
        )
    _refuse_fewer_epochs(point, settings)
    wanted = merge(before | {name: settings[name] for name in ("trainer", "run_dir")}, moved)
    run = prepare(wanted, recipe, point)
    if run.trainer.world_size != point.num_processes:
        shared = share_batches(wanted, family, before=point.num_processes, now=run.trainer.world_size)
        run = prepare(shared, recipe, point)
    return run


def settings_of(
    folder: RunFolder,
    changes: Mapping[str, Any] | None,
    data: Any = None,
    environ: Mapping[str, str] | None = None,
) -> ApplicationSettings:
    """Return the settings of a run folder as `resume_training` takes them, with what is put over them."""
    loaded = load_settings(config=folder.settings_file, overrides=None)
    places = data_places(environ or {}, loaded.family)
    told = change_settings(loaded.to_plain(), merge(places, changes or {}))
    if data is not None:
        place = {"data": {"path": place_of(data)}}
        refuse_foreign_options(loaded.family, place)
        told = merge(told, {loaded.family.section: place})
    wanted = parse_settings(told | {"run_dir": str(folder.path)})
    return wanted.found_in(_provenance(folder, changes or {}))


def _provenance(folder: RunFolder, changes: Mapping[str, Any]) -> dict[str, str]:
    """Return where the folder says that its settings were found, with what a resume changes."""
    *_, written = read_settings_file(folder.settings_file)
    changed = {dotted(names): "resume" for names in flatten(nested(changes))}
    return {**written.provenance, **changed}


def _result_of(folder: RunFolder, point: ResumePoint, trainer: Mapping[str, Any]) -> TrainingResult | None:
    """Return the result of a training that has nothing left to do, and log that."""
    end = point.end(
        max_epochs=trainer["max_epochs"],
        max_steps=trainer["max_steps"],
        patience=trainer["early_stopping_patience"],
    )
    if end is None or point.path != folder.last_checkpoint or not folder.results_file.is_file():
        return None
    result = TrainingResult.read(folder)
    if result.num_steps != point.num_steps:  # of a shorter training, before this one went on
        return None
    _logger.warning(
        "run folder %s: the training has ended (%s), so nothing was written; raise that to go on",
        folder.path,
        end,
    )
    return result


def _prepare(
    folder: RunFolder,
    overrides: Mapping[str, Any],
    trainer_arguments: Callable[[], Mapping[str, Any]],
    data: Any,
    provenance: Mapping[str, str],
    settings: Mapping[str, Any],
    recipe: Recipe | None,
    point: ResumePoint | None,
) -> TrainingRun:
    application = bootstrap(parse_settings(settings).found_in(provenance), data=data)
    recorded = read_overrides(folder.overrides_file) if recipe is None else recipe.overrides
    restored = restore_overrides(application, recorded, overrides, source=folder.path, is_for_training=True)
    override_for_good(application, restored)
    application.trainer.run_folder.override(providers.Object(folder))
    trainer: Any = application.trainer.lightning_trainer
    trainer.add_kwargs(**trainer_arguments())
    family = family_container(application)
    if recipe is None or point is None:
        run: TrainingRun = family.training_run()
        return run
    with foreign_file(f"checkpoint {point.path}"):
        data_spec = family.data_spec_type().from_dict(recipe.data_spec)
        application.trainer.known_runs.override(providers.Object(saved_run_ids(point.checkpoint)))
    family.known_data_spec.override(providers.Object(data_spec))
    result = _result_of(folder, point, settings["trainer"])
    run = family.training_run(resume_from=point.path, result=result)
    if data_spec.fingerprint and data_spec.fingerprint != _fingerprint(family, run.datamodule):
        raise UserError(
            f"run folder {folder.path}: the data have changed since the training began, so it can't go on as"
            " if it had never stopped; put the data back, or begin a new training"
        )
    return run


def _fingerprint(family: Any, datamodule: Any) -> Any:
    has_own_way = "data_fingerprint" in family.providers
    return family.data_fingerprint() if has_own_way else datamodule.fingerprint


def _refuse_changes(
    folder: RunFolder,
    point: ResumePoint,
    before: Mapping[str, Any],
    settings: Mapping[str, Any],
    family: Family,
) -> dict[str, Any]:
    """Refuse settings that make another model or other batches; return where the data lie now."""
    may_change = ("run_dir", "trainer", "prediction")
    changed = [
        name
        for name in difference(before, settings)
        if not name.startswith(may_change) and not is_batch_size(name, settings, family)
    ]
    now = data_paths(settings, family)
    moved = [name for name in changed if name in now]
    if lost := [name for name in changed if name not in moved]:
        raise UserError(
            f"{folder.settings_file} isn't what the training began with: {', '.join(lost)} changed, as"
            f" {point.path.name} holds it; put it back, or begin a new training. Only the settings of trainer"
            " and the data's place may change"
        )
    return reduce(merge, (nest(name, now[name]) for name in moved), {})


def _refuse_fewer_epochs(point: ResumePoint, settings: Mapping[str, Any]) -> None:
    wanted, done = settings["trainer"]["max_epochs"], point.num_epochs
    if wanted < done:
        raise UserError(
            f"trainer.max_epochs = {wanted}, but {done} epochs are done: put a larger number there"
        )
