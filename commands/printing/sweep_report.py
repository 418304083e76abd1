"""How a sweep is shown: what it searches, how far it is, and what it came to."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from nested_lightning.app.errors import counted
from nested_lightning.commands.printing.console import (
    format_metric,
    print_facts,
    print_fault,
    print_line,
    print_note,
    print_table,
    short_path,
    status_console,
)
from nested_lightning.settings.sweep import SweepSettings

_SHOWN = 10
"""Trials in the table that is printed; trials.csv has all."""
_STYLES = {"complete": "green", "pruned": "yellow", "failed": "red"}


class SweepProgress:
    """A bar of the trials that ended, and a line for each of them above it.

    Args:
        sweep: How many there are to be, and what they are judged by.
        paths: What is searched.
    """

    def __init__(self, sweep: SweepSettings, paths: Sequence[str]) -> None:
        self._sweep, self._names = sweep, short_names(paths)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=status_console, transient=True)
        self._task = self._bar.add_task("Trials", total=sweep.trials)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def report(self, trial: Any) -> None:
        """Take note of a trial that ended."""
        self._bar.update(self._task, completed=trial.number + 1)
        values = zip(self._sweep.objectives, trial.values, strict=False)
        told = [f"{one.name} {format_metric(one.name, value)}" for one, value in values] or [trial.reason]
        state = (f"{trial.state:<9}", _STYLES.get(trial.state, ""))
        tried = ", ".join(f"{self._names[path]}={_text(value)}" for path, value in trial.settings.items())
        print_line(
            f"trial {trial.number:>3}  ", state, f" {', '.join(told)}  ", (tried, "dim"), on=status_console
        )


def print_plan(space: Any, sweep: SweepSettings, *, epoch_s: float) -> None:
    """Print what is searched, and about how long it takes."""
    from nested_lightning.app.sweeping.sampling import num_points
    from nested_lightning.app.training.reporting.progress_state import duration_text

    trials = min(sweep.trials, num_points(space) or sweep.trials)
    first, max_epochs = _first_trial(space), space.settings.trainer.max_epochs
    rows = [(one.path, _allowed(one), _when(one), first[one.path]) for one in space.parameters]
    print_table(
        "Searched", ["setting", "values", "asked for with", "first trial"], rows, numeric=False, is_wide=True
    )
    objectives = ", ".join(map(str, sweep.objectives))
    most_s = epoch_s * max_epochs * trials * (sweep.folds or 1) / sweep.jobs
    print_facts(
        "Sweep",
        {
            "trials": f"{trials}, by {sweep.sampler}, {sweep.jobs} at a time",
            "judged by": f"{objectives}{f', mean of {sweep.folds} inner folds' if sweep.folds else ''}",
            "pruned by": sweep.pruner,
            "at most": f"{duration_text(most_s)}: an epoch of the defaults took {epoch_s:.2f} s here, and a"
            f" trial has at most {counted(max_epochs, 'epoch')}; early stopping and pruning make it less",
        },
    )


def print_sweep(result: Any, sweep: SweepSettings) -> None:
    """Print the best trials, the scores of the winner, and where everything lies."""
    ended = [one for one in result.trials if one.state != "running"]
    counts = {state: sum(one.state == state for one in ended) for state in _STYLES}
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count) or "none"
    if result.stopped:
        print_fault(f"{result.stopped} ({counted(len(ended), 'trial')}: {told})")
    elif result.elsewhere:
        print_note(result.elsewhere)
    elif not result.is_new:
        print_line("Nothing left to do: all trials have ended")
    elif len(ended) < sweep.trials:
        print_note(f"all that there is was tried: {counted(len(ended), 'trial')} of {sweep.trials}")
    if result.winner is None:
        return
    _print_trials(result, sweep)
    if result.test_scores:
        _print_test_scores(result)
    files = {
        "winner": result.folder / "trials" / f"{result.winner.number:04d}",
        "its settings": result.folder / "best.yaml",
        "all trials": result.folder / "trials.csv",
        "study": result.folder / "study.db",
        "report": result.folder / "report.html",
    }
    print_facts(
        f"Swept {counted(len(ended), 'trial')}: {told}",
        {name: short_path(file) for name, file in files.items() if file.exists()},
    )


def _print_test_scores(result: Any) -> None:
    from nested_lightning.app.training.runs.result import apart_from_baseline

    scores, baseline = apart_from_baseline(result.test_scores)
    both = [scores, *([baseline] if baseline else [])]
    print_table(
        f"Test scores of trial {result.winner.number}, the only one that was tested",
        ["score", "test", "baseline"][: 1 + len(both)],
        [(name, *(format_metric(name, one.get(name)) for one in both)) for name in scores],
    )


def short_names(paths: Sequence[str]) -> dict[str, str]:
    """Return the shortest ends of paths that distinguish them, without the family where it can be."""
    names: dict[str, str] = {}
    for path in paths:
        parts = path.split(".")
        ends = [".".join(parts[i:]) for i in range(len(parts) - 1, -1, -1)]
        names[path] = next(end for end in ends if sum(f".{one}".endswith(f".{end}") for one in paths) == 1)
    return names


def _print_trials(result: Any, sweep: SweepSettings) -> None:
    from nested_lightning.app.sweeping.keeping import ranked

    paths = list(dict.fromkeys(path for one in result.trials for path in one.settings))
    names = short_names(paths)
    best = ranked(result.trials, result.objectives)
    is_front = len(sweep.objectives) > 1
    title = "Pareto front, and the best besides" if is_front else "Best trials"
    rows = [
        (
            f"{one.number}{' *' if is_front and one.is_on_front else ''}",
            *(
                format_metric(each.name, value)
                for each, value in zip(sweep.objectives, one.values, strict=True)
            ),
            *(_text(one.settings.get(path, "-")) for path in paths),
        )
        for one in best[: max(_SHOWN, len(result.front))]
    ]
    columns = ["trial", *(one.name for one in sweep.objectives), *(names[path] for path in paths)]
    print_table(title, columns, rows, is_wide=True)


def _first_trial(space: Any) -> dict[str, str]:
    """Return what the first trial has of each setting, in words."""
    from nested_lightning.app.sweeping.sampling import holds
    from nested_lightning.app.sweeping.space import is_asked

    distributions = {one.path: one.distribution for one in space.parameters}
    known = {path: value for path, value in space.defaults().items() if holds(distributions[path], value)}
    return {
        one.path: _text(known.get(one.path, "drawn")) if is_asked(one, known) else "-"
        for one in space.parameters
    }


def _allowed(parameter: Any) -> str:
    if parameter.choices:
        return ", ".join(map(_text, parameter.choices))
    distribution = parameter.distribution
    log = ", log" if distribution.log else ""
    step = f", step {distribution.step:g}" if distribution.step not in (None, 1) else ""
    return f"{distribution.low:g} to {distribution.high:g}{log}{step}"


def _when(parameter: Any) -> str:
    conditions: Mapping[str, Sequence[str]] = parameter.asked_when
    return "; ".join(f"{path.rsplit('.', 2)[-2]} {' or '.join(kinds)}" for path, kinds in conditions.items())


def _text(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
