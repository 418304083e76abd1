"""What ``train`` and ``resume`` share: they train, and print the results."""

import json
import shlex
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import typer

from nested_lightning.app.errors import counted
from nested_lightning.commands.printing.check_report import print_faults
from nested_lightning.commands.printing.console import (
    format_metric,
    print_facts,
    print_line,
    print_table,
    short_path,
    status_console,
)
from nested_lightning.commands.printing.data_summary import print_data
from nested_lightning.settings.families import find_family


def refuse_faults(application: Any) -> None:
    """Check a model before it is trained; what is wrong is printed, one line each.

    Raises:
        typer.Exit: Something is wrong; the status is that of a user's mistake.
    """
    from nested_lightning.containers.checking.model_check import check_application

    report = check_application(application, is_brief=True)
    print_faults(report.faults)
    if report.faults:
        raise typer.Exit(2)


def run_training(run: Any) -> None:
    """Print what was recognised in the data of a `TrainingRun`, train, and print scores and written files.

    Raises:
        typer.Exit: A signal ended the training, with the exit status that belongs to it.
    """
    print_data(run.data_summary)
    print_result(train_or_exit(run), has_ended=run.has_ended)


def print_result(result: Any, *, has_ended: bool = False) -> None:
    """Print the scores of a `TrainingResult`, and the files that it wrote."""
    has_baseline = any("baseline" in values for values in result.scores.values())
    parts = ["validation", "test", *(["baseline"] if has_baseline else [])]
    is_kept = result.best_checkpoint.exists()
    print_table(
        f"Scores of {short_path(result.best_checkpoint)}" if is_kept else "Scores of a trial",
        ["score", *parts],
        [
            (name, *(format_metric(name, values.get(part)) for part in parts))
            for name, values in result.scores.items()
        ],
    )
    _print_whereabouts(result, has_ended=has_ended)


def train_or_exit(run: Any, *, resumed_by: Path | None = None) -> Any:
    """Run a `TrainingRun`, which goes on by its folder or ``resumed_by``, and return its result.

    Raises:
        typer.Exit: A signal ended the training; how to go on is said.
    """
    from nested_lightning.app.training.runs.interruption import TrainingInterruptedError

    folder = run.run_folder
    try:
        return run()
    except TrainingInterruptedError as stop:
        is_saved = folder.checkpoint_of_results.exists()
        saved = "" if is_saved else "; nothing was saved yet, so it will begin anew"
        print_line((str(stop), "bold"), f"{saved}. Go on with:", on=status_console)
        again = given_again([run.recipe.family], run.recipe.overrides) if run.recipe else ()
        print_command("resume", short_path(resumed_by or folder.path), *again)
        # the launcher takes any other status for a failure, and ends the first process too
        raise typer.Exit(stop.exit_status if run.trainer.is_global_zero else 0) from None


def print_command(*arguments: str) -> None:
    """Print a command line of this program, to be copied, on standard error."""
    program = "python main.py" if sys.argv[0].endswith(".py") else sys.argv[0]
    print_line(f"  {program} {shlex.join(arguments)}", on=status_console)


def given_again(families: Iterable[str], overrides: Iterable[Any]) -> Iterator[str]:
    """Yield the options for what no file holds: the user's families and classes, with their arguments."""
    for origin in filter(None, (find_family(name).origin for name in families)):
        yield from ("--model", str(origin[1]))
    for each in overrides:
        if each.source != "registered":
            name = each.name if each.source == "import" else "MODULE:NAME"
            yield from ("--override", f"{each.path}={name}")
            for name, value in each.options.items():
                yield from ("--set", f"{each.path}.{name}={json.dumps(value)}")


def _print_whereabouts(result: Any, *, has_ended: bool) -> None:
    folder = result.run_folder
    files = {
        "best checkpoint": folder.best_checkpoint,  # there may have been no validation
        "last checkpoint": folder.last_checkpoint,
        "settings": folder.settings_file,
        "metrics": folder.metrics_file,
        "results": folder.results_file,
        "log": folder.log_file,
        "report": folder.report_file,
    }
    print_facts(
        f"{'Nothing left to do: trained' if has_ended else 'Trained'}"
        f" {counted(result.num_steps, 'step')} in {result.duration_s:.1f} s",
        {
            **{name: short_path(file) for name, file in files.items() if file.exists()},
            **({"first weights": short_path(Path(result.init_from["file"]))} if result.init_from else {}),
        },
    )
