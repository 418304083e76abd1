"""``train --folds``, ``resume`` and ``evaluate`` of its folder: one training and one model for each fold."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
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
    """Train and test once for each fold; a run folder for each lies in a common one, see `_train_folds`.

    Args:
        settings: Of a single training. What they say of the split's validation part and seed is kept.
        num_folds: Number of folds, at least 2.
        requests: What takes the places of providers.
        is_checked: Whether faults are looked for before the first fold.

    Raises:
        SettingsError: That many folds can't be, or the training would run in several processes.
        UserError: The folder holds folds already.
    """
    settings = _with_folds(settings, num_folds)
    with status_console.status("Starting"):
        from nested_lightning.containers.starting.bootstrapping import provider_of
        from nested_lightning.containers.starting.cross_validating import fold_application

        quiet_lightning()
        overrides = load_overrides(requests)
        parent = _make_parent(settings)

    def begin(fold: int) -> Any:
        application = fold_application(settings, fold, parent, overrides=overrides)
        if is_checked and fold == 0:
            refuse_faults(application)
        return provider_of(application, "training_run")()

    _train_folds([partial(begin, fold) for fold in range(num_folds)], parent, overrides)


def resume_folds(
    parent: Path,
    changes: Mapping[str, Any],
    requests: Sequence[OverrideRequest],
    *,
    data: Path | None,
    environ: Mapping[str, str],
) -> None:
    """Go on with the fold that stood, and train those after it.

    Takes what `resume_training` takes.
    """
    with status_console.status("Starting"):
        from nested_lightning.containers.starting.cross_validating import resumed_folds

        quiet_lightning()
        overrides = load_overrides(requests)
        runs = resumed_folds(parent, changes, overrides=overrides, data=data, environ=environ)
    _train_folds(runs, parent, overrides)


def evaluate_folds(parent: Path, part: str, **options: Any) -> Any:
    """Return a report over all folds, of the same part of each: by default its test part.

    Takes the options of `from_checkpoint`.
    """
    from nested_lightning.app.training.runs.cross_validation import report_folds
    from nested_lightning.containers.starting.cross_validating import fold_evaluators

    return report_folds([evaluator(part) for evaluator in fold_evaluators(parent, **options)])


def _make_parent(settings: ApplicationSettings) -> Path:
    from nested_lightning.app.errors import UserError
    from nested_lightning.app.training.runs.cross_validation import folds_in
    from nested_lightning.app.training.runs.run_folder import RunFolder

    if settings.run_dir is None:
        return RunFolder.create_unique(Path("runs"), f"{settings.model}-folds").path
    if folds_in(settings.run_dir):
        raise UserError(
            f"{settings.run_dir} already holds folds: go on with them by resume, or name another folder"
        )
    return settings.run_dir


def _train_folds(begin: Sequence[Callable[[], Any]], parent: Path, overrides: Mapping[str, Any]) -> None:
    """Train fold after fold; write means to ``results.json``, and what each says of its test rows.

    The latter, ``predictions.csv``, is there where the family's evaluator has answers for single rows.
    """
    from nested_lightning.app.training.runs.cross_validation import summarise_folds

    results, is_new = [], False
    for fold, make in enumerate(begin):
        run = make()
        if not run.has_ended:
            where = short_path(run.run_folder.path)
            print_line((f"Fold {fold + 1} of {len(begin)}", "bold"), f" in {where}", on=status_console)
            if not is_new:
                print_data(run.data_summary)
            is_new = True
        results.append(train_or_exit(run, resumed_by=parent))
    summary = summarise_folds([result.test_metrics for result in results])
    if is_new or not (parent / "results.json").exists():
        _write_predictions(parent, overrides)
        _write(parent / "results.json", to_json({name: asdict(one) for name, one in summary.items()}) + "\n")
    else:
        print_line("Nothing left to do: all folds are trained")
    print_table(
        f"Test scores of {len(begin)} folds",
        ["score", "mean", "std", "low", "high", *(f"fold {i}" for i in range(len(begin)))],
        [
            (
                name.removeprefix("test_"),
                *(format_metric(name, value) for value in (s.mean, s.std, s.low, s.high, *s.values)),
            )
            for name, s in summary.items()
        ],
    )
    print_line(
        f"{', '.join(_files(parent))}, and one run folder for each fold, in {short_path(parent)}; no model is"
        f" made of all of them: each fold has its own, e.g. {short_path(results[0].best_checkpoint)}"
    )


def _files(parent: Path) -> Iterator[str]:
    yield from (name for name in ("results.json", "predictions.csv") if (parent / name).exists())


def _write_predictions(parent: Path, overrides: Mapping[str, Any]) -> None:
    from nested_lightning.app.record_files import to_csv
    from nested_lightning.containers.starting.cross_validating import fold_evaluators

    evaluators = fold_evaluators(parent, overrides=overrides)
    if not all(hasattr(one, "predictions") for one in evaluators):
        return
    with status_console.status("Predicting"):
        rows = [{"fold": fold, **row} for fold, one in enumerate(evaluators) for row in one.predictions()]
    _write(parent / "predictions.csv", to_csv(sorted(rows, key=lambda row: row["row"])).decode())


def _write(path: Path, text: str) -> None:
    from nested_lightning.app.checkpoints.checkpoint_io import replace_atomically

    with replace_atomically(path) as file:
        file.write(text.encode())


def _with_folds(settings: ApplicationSettings, num_folds: int) -> ApplicationSettings:
    if settings.trainer.devices not in ("auto", 1, "1"):
        raise SettingsError(["--folds trains in one process: leave trainer.devices out, or set it to 1"])
    section = settings.family.section
    split = getattr(getattr(getattr(settings, section), "data", None), "split", None)
    if not isinstance(split, BaseModel):
        raise SettingsError(
            [f"--folds: {settings.model} has no {section}.data.split, by which folds are drawn"]
        )
    folds: dict[str, Any] = {"kind": getattr(split, "folds", "fold"), "num_folds": num_folds}
    kept = getattr(split, "kept_in_folds", ("val_fraction", "seed"))
    folds |= {name: getattr(split, name) for name in kept if name in split.model_fields_set}
    values = merge(settings.to_plain(), {"trainer": {"devices": 1}})
    return parse_settings(merge(values, nest(f"{section}.data.split", folds)))
