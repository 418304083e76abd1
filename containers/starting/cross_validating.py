"""A whole cross-validation: from settings, or from its folder to the rest of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import InstanceOf

from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.training.runs.cross_validation import CrossValidationResult
from nested_lightning.containers.starting.bootstrapping import bootstrap
from nested_lightning.containers.starting.folds import begin_folds, rest_of_folds
from nested_lightning.settings.application import ApplicationSettings


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
