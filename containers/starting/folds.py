"""Cross-validations: from settings or their folder to the trainings of the folds and to their evaluators."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from functools import partial, reduce
from pathlib import Path
from typing import Any

from pydantic import InstanceOf

from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.checkpoints.recipe import read_overrides
from nested_lightning.app.data.splits import PartName
from nested_lightning.app.errors import UserError
from nested_lightning.app.evaluation_report import EvaluationReport
from nested_lightning.app.training.runs.cross_validation import (
    CrossValidation,
    CrossValidationResult,
    open_folder_of_folds,
)
from nested_lightning.app.training.runs.fold_folders import fold_folder, folds_in
from nested_lightning.app.training.runs.fold_scores import report_folds
from nested_lightning.app.training.runs.run import TrainingRun
from nested_lightning.app.training.runs.run_folder import RunFolder
from nested_lightning.containers.application import ApplicationContainer
from nested_lightning.containers.overrides.restoring import restore_overrides
from nested_lightning.containers.starting.bootstrapping import bootstrap, from_checkpoint, provider_of
from nested_lightning.containers.starting.resuming import resume_training, settings_of
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.choices.splits import EachFoldSettings
from nested_lightning.settings.describing.walking import Place, step
from nested_lightning.settings.reading.errors import SettingsError
from nested_lightning.settings.slot import Slot

Overrides = Mapping[str, Any]


@checked_arguments
def cross_validate(
    settings: InstanceOf[ApplicationSettings] | Mapping[str, Any] | str | Path,
    num_folds: int = 5,
    *,
    overrides: Mapping[str, Any] | None = None,
    data: Any = None,
) -> CrossValidationResult:
    """Train, choose and test once for each fold of the samples, and bring the folds' scores together.

    The folder ``run_dir``, or ``runs/MODEL-folds-TIME`` where there is none, gets a run folder for each fold,
    ``results.json`` and, where the family has an answer for each sample, ``predictions.csv``.

    Args:
        settings: Of a single training, as `bootstrap` takes them. What they say of the split's seed and
            validation part is kept.
        num_folds: Number of folds, at least 2.
        overrides: See `bootstrap`. A ready object is copied for each fold, so that each begins anew.
        data: See `bootstrap`.

    Raises:
        SettingsError: The settings are wrong, that many folds can't be, or the training would run in several
            processes.
        UserError: The folder holds folds already, an override can't be copied, or as a training.
        TrainingInterruptedError: A signal ended a training; `resume_cross_validation` goes on.
    """
    given = overrides or {}
    checked = bootstrap(settings, overrides=given, data=data).settings()
    return begin_folds(checked, num_folds, given, data=data)()


@checked_arguments
def resume_cross_validation(
    path: str | Path,
    changes: Mapping[str, Any] | None = None,
    *,
    data: Any = None,
    overrides: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> CrossValidationResult:
    """Go on with the interrupted fold, train those after it, and bring the folds' scores together.

    Of one that has ended, the scores are given once more and nothing is written.

    Args:
        path: The folder of a cross-validation.
        changes: Values put over the folds' settings, as `resume_training` takes them.
        data: Where the data are now, if they were moved, or the data themselves, as `resume_training` takes
            them.
        overrides: What was put in when the first fold began has to be given again, unless it was a registered
            kind.
        environ: Variables, of which those are read that say where the data are now.

    Raises:
        UserError: The folder holds no folds, or as `resume_training`.
        SettingsError: As `resume_training`.
        TrainingInterruptedError: A signal ended a training.
    """
    return rest_of_folds(Path(path), changes or {}, overrides or {}, data=data, environ=environ)()


def begin_folds(
    settings: ApplicationSettings,
    num_folds: int,
    overrides: Overrides,
    *,
    data: Any = None,
    check: Callable[[ApplicationContainer], None] | None = None,
) -> CrossValidation:
    """Return a cross-validation that hasn't begun; arguments and errors are those of `cross_validate`.

    ``check`` is called with the container of the first fold before it is trained.
    """
    settings = with_folds(settings, num_folds)
    parent = open_folder_of_folds(settings.run_dir, name=settings.model)

    def begin(fold: int) -> TrainingRun:
        return _training_of(settings, fold, parent, overrides, data, check if fold == 0 else None)

    return CrossValidation(
        folder=parent,
        trainings=[partial(begin, fold) for fold in range(num_folds)],
        evaluators=partial(fold_evaluators, parent, overrides=overrides, data=data),
    )


def rest_of_folds(
    parent: Path,
    changes: Mapping[str, Any],
    overrides: Overrides,
    *,
    data: Any = None,
    environ: Mapping[str, str] | None = None,
) -> CrossValidation:
    """Return what is left of a cross-validation; takes what `resume_cross_validation` takes."""
    begun = folds_in(parent)
    if not begun:
        raise UserError(f"{parent}: holds no folds, so there is no cross-validation to go on with")
    first = RunFolder.open(begun[0])
    settings = settings_of(first, changes, data, environ)

    def go_on(fold: int) -> TrainingRun:
        own = _own(overrides)
        if fold < len(begun):
            return resume_training(begun[fold], changes, data=data, overrides=own, environ=environ)
        recorded = read_overrides(first.overrides_file)
        plain = bootstrap(settings, data=data)
        wanted = restore_overrides(plain, recorded, own, source=parent, is_for_training=True)
        return _training_of(settings, fold, parent, wanted, data)

    split = getattr(settings, settings.family.section).data.split
    if not isinstance(split, EachFoldSettings):
        raise UserError(f"{parent}: is a trial of a sweep by folds; go on with that, by sweep --resume")
    options: dict[str, Any] = {"changes": changes, "data": data, "environ": environ}
    return CrossValidation(
        folder=parent,
        trainings=[partial(go_on, fold) for fold in range(split.num_folds)],
        evaluators=partial(fold_evaluators, parent, overrides=overrides, **options),
    )


def evaluate_folds(parent: Path, part: PartName, **options: Any) -> EvaluationReport:
    """Return a report over all folds, of the same part of each; takes what `fold_evaluators` takes."""
    return report_folds([evaluator(part) for evaluator in fold_evaluators(parent, **options)])


def fold_evaluators(parent: Path, *, overrides: Overrides, **options: Any) -> Iterator[Any]:
    """Yield an evaluator for the model of each fold, one after another.

    Takes the options of `from_checkpoint`.

    Raises:
        UserError: A fold has no model yet, or as `from_checkpoint`.
    """
    for folder in map(RunFolder, folds_in(parent)):
        if not folder.results_file.exists():
            raise UserError(f"{folder.path}: its training hasn't ended; resume {parent} goes on with it")
        application = from_checkpoint(folder.checkpoint_of_results, overrides=_own(overrides), **options)
        yield provider_of(application, "evaluator")()


def _training_of(
    settings: ApplicationSettings,
    fold: int,
    parent: Path,
    overrides: Overrides,
    data: Any,
    check: Callable[[ApplicationContainer], None] | None = None,
) -> TrainingRun:
    """Return the training of one fold in its own folder."""
    split = f"{settings.family.section}.data.split.fold"
    own = settings.changed({split: fold, "run_dir": str(fold_folder(parent, fold))})
    application = bootstrap(own, overrides=_own(overrides), data=data)
    if check is not None:
        check(application)
    run: TrainingRun = provider_of(application, "training_run")()
    return run


def _own(overrides: Overrides) -> dict[str, Any]:
    """Return copies of overrides, since a ready module would carry its weights from fold to fold."""
    copies = {}
    for path, replacement in overrides.items():
        try:
            copies[path] = deepcopy(replacement)
        except Exception as error:  # a user's object may raise anything
            raise UserError(
                f"{path}: {type(replacement).__name__} can't be copied for each fold ({error}); give a class"
                " or a function, which is called for each"
            ) from None
    return copies


def with_folds(settings: ApplicationSettings, num_folds: int) -> ApplicationSettings:
    """Return the settings of a training on the first of so many folds.

    Raises:
        SettingsError: The family's split has no folds, or the training would run in several processes.
    """
    if settings.trainer.devices not in ("auto", 1, "1"):
        raise SettingsError(["folds are trained in one process: leave trainer.devices out, or set it to 1"])
    section = settings.family.section
    root: Place = type(settings)
    place = reduce(step, (section, "data", "split"), root)
    if not isinstance(place, Slot) or "fold" not in place.choices:
        raise SettingsError([f"{settings.model} has no folds: no {section}.data.split of the kind fold"])
    split = getattr(settings, section).data.split
    folds: dict[str, Any] = {"kind": split.folds, "num_folds": num_folds}
    folds |= {name: getattr(split, name) for name in split.kept_in_folds if name in split.model_fields_set}
    return settings.changed({"trainer.devices": 1, f"{section}.data.split": folds})
