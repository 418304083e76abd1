"""From settings or the folder of a cross-validation to the trainings of its folds, and what they came to."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from nested_lightning.app.checkpoints.recipe import read_overrides
from nested_lightning.app.errors import UserError
from nested_lightning.app.training.runs.cross_validation import fold_folder, folds_in
from nested_lightning.app.training.runs.run import TrainingRun
from nested_lightning.app.training.runs.run_folder import RunFolder
from nested_lightning.containers.overrides.restoring import restore_overrides
from nested_lightning.containers.starting.bootstrapping import bootstrap, from_checkpoint, provider_of
from nested_lightning.containers.starting.resuming import resume_training, settings_of
from nested_lightning.settings.application import ApplicationSettings, parse_settings
from nested_lightning.settings.reading.merging import merge, nest


def fold_application(
    settings: ApplicationSettings, fold: int, parent: Path, *, overrides: Mapping[str, Any]
) -> Any:
    """Return a ready container that trains one fold in its own folder below ``parent``.

    Args:
        settings: With a split of the kind ``fold``.
        fold: Which one, from 0.
        parent: The folder of the cross-validation.
        overrides: What takes the places of providers, by path.
    """
    split = nest(f"{settings.family.section}.data.split.fold", fold)
    place = {"run_dir": str(fold_folder(parent, fold))}
    return bootstrap(parse_settings(merge(merge(settings.to_plain(), split), place)), overrides=overrides)


def resumed_folds(
    parent: Path, changes: Mapping[str, Any], *, overrides: Mapping[str, Any], **where: Any
) -> list[Callable[[], TrainingRun]]:
    """Return what makes the training of each fold: the rest of one that has begun, or all of one that hasn't.

    Takes what `resume_training` takes, whose ``data`` and ``environ`` say where the data are.

    Raises:
        UserError: As `resume_training`.
        SettingsError: As `resume_training`.
    """
    first = RunFolder.open(fold_folder(parent, 0))
    settings = settings_of(first, changes, **where)
    num_folds = getattr(settings, settings.family.section).data.split.num_folds

    def rest(fold: int) -> TrainingRun:
        folder = RunFolder(fold_folder(parent, fold))
        if folder.settings_file.exists():
            return resume_training(folder.path, changes, overrides=overrides, **where)
        recorded = read_overrides(first.overrides_file)
        plain = bootstrap(settings)
        wanted = restore_overrides(plain, recorded, overrides, source=parent, is_for_training=True)
        application = fold_application(settings, fold, parent, overrides=wanted)
        run: TrainingRun = provider_of(application, "training_run")()
        return run

    return [partial(rest, fold) for fold in range(num_folds)]


def fold_evaluators(parent: Path, **options: Any) -> list[Any]:
    """Return an evaluator for the model of each fold.

    Takes the options of `from_checkpoint`.

    Raises:
        UserError: A fold has no model yet, or as `from_checkpoint`.
    """
    found = []
    for folder in map(RunFolder, folds_in(parent)):
        if not folder.results_file.exists():
            raise UserError(f"{folder.path}: its training hasn't ended; resume {parent} goes on with it")
        application = from_checkpoint(folder.checkpoint_of_results, **options)
        found.append(provider_of(application, "evaluator")())
    return found
