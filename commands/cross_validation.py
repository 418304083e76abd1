"""``train --folds``: one training for each fold, and the mean and deviation of their test scores."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from nested_lightning.app.strict_json import to_json
from nested_lightning.commands.overrides import OverrideRequest, load_overrides
from nested_lightning.commands.printing.console import (
    format_metric,
    print_line,
    print_table,
    quiet_lightning,
    short_path,
    status_console,
)
from nested_lightning.commands.printing.data_summary import print_data
from nested_lightning.commands.run_training import refuse_faults, train_or_exit
from nested_lightning.settings.application import ApplicationSettings, parse_settings
from nested_lightning.settings.reading.errors import SettingsError
from nested_lightning.settings.reading.merging import merge, nest


def cross_validate(
    settings: ApplicationSettings,
    num_folds: int,
    requests: Sequence[OverrideRequest] = (),
    *,
    is_checked: bool,
) -> None:
    """Train and test once for each fold; a run folder for each lies in a common one, with ``results.json``.

    Args:
        settings: Of a single training. What they say of the split's validation part and seed is kept.
        num_folds: Number of folds, at least 2.
        requests: What takes the places of providers.
        is_checked: Whether faults are looked for before the first fold.

    Raises:
        SettingsError: That many folds can't be, or the training would run in several processes.
    """
    settings = _with_folds(settings, num_folds)
    with status_console.status("Starting"):
        from nested_lightning.app.training.runs.cross_validation import summarise_folds
        from nested_lightning.app.training.runs.run_folder import RunFolder
        from nested_lightning.containers.starting.bootstrapping import bootstrap, provider_of

        quiet_lightning()
        overrides = load_overrides(requests)
    if settings.run_dir is None:
        parent = RunFolder.create_unique(Path("runs"), f"{settings.model}-folds").path
    else:
        parent = settings.run_dir
    results = []
    for fold in range(num_folds):
        application = bootstrap(_settings_of_fold(settings, fold, parent), overrides=overrides)
        if is_checked and fold == 0:
            refuse_faults(application)
        run = provider_of(application, "training_run")()
        if fold == 0:
            print_data(run.data_summary)
        results.append(train_or_exit(run))
    summary = summarise_folds([result.test_metrics for result in results])
    plain = {name: asdict(scores) for name, scores in summary.items()}
    (parent / "results.json").write_text(to_json(plain) + "\n")
    print_table(
        f"Test scores of {num_folds} folds",
        ["score", "mean", "std", *(f"fold {i}" for i in range(num_folds))],
        [
            (name.removeprefix("test_"), *(format_metric(name, v) for v in (s.mean, s.std, *s.values)))
            for name, s in summary.items()
        ],
    )
    print_line(
        f"results.json, and one run folder for each fold, in {short_path(parent)}; no model is made of all of"
        f" them: each fold has its own, e.g. {short_path(results[0].best_checkpoint)}"
    )


def _with_folds(settings: ApplicationSettings, num_folds: int) -> ApplicationSettings:
    if settings.trainer.devices not in ("auto", 1, "1"):
        raise SettingsError(["--folds trains in one process: leave trainer.devices out, or set it to 1"])
    section = settings.family.section
    split = getattr(getattr(getattr(settings, section), "data", None), "split", None)
    if not isinstance(split, BaseModel):
        raise SettingsError(
            [f"--folds: {settings.model} has no {section}.data.split, by which folds are drawn"]
        )
    folds: dict[str, Any] = {"kind": "fold", "num_folds": num_folds}
    folds |= {
        name: getattr(split, name) for name in ("val_fraction", "seed") if name in split.model_fields_set
    }
    values = merge(settings.to_plain(), {"trainer": {"devices": 1}})
    return parse_settings(merge(values, nest(f"{section}.data.split", folds)))


def _settings_of_fold(settings: ApplicationSettings, fold: int, parent: Path) -> ApplicationSettings:
    values = merge(settings.to_plain(), nest(f"{settings.family.section}.data.split.fold", fold))
    return parse_settings(merge(values, {"run_dir": str(parent / f"fold-{fold}")}))
