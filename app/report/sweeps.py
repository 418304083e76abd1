"""A sweep: how its objective went, which settings matter, what was pruned, and where."""

import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from nested_lightning.app.errors import UserError, counted
from nested_lightning.app.foreign_files import foreign_file, regular_file
from nested_lightning.app.report.charts import Axes, Series, draw_bars, draw_chart
from nested_lightning.app.report.contents import Block, Chart, SectionMaker, Table, Text
from nested_lightning.app.report.page_svg import SERIES_COLOURS, draw
from nested_lightning.app.report.privacy import without_places
from nested_lightning.app.sweeping.keeping import scores_of_test
from nested_lightning.app.sweeping.results import trial_folder

STUDY = "study.db"
_MOST_LINES = 200


def is_sweep(folder: Path) -> bool:
    """Return whether a folder is that of a sweep."""
    return (folder / STUDY).is_file()


def open_study(folder: Path) -> Any:
    """Return Optuna's study of a sweep, of which nothing is changed.

    Raises:
        UserError: Optuna isn't installed, or the file holds no study.
    """
    try:
        import optuna

        from nested_lightning.app.sweeping.opening import address_of
    except ImportError:
        raise UserError("the study of a sweep needs optuna: pip install 'nested-lightning[sweep]'") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with foreign_file(regular_file(folder / STUDY)):
        storage = address_of(folder / STUDY)
        (name,) = optuna.study.get_all_study_names(storage)
        return optuna.load_study(study_name=name, storage=storage)


def sweep_sections(study: Any, folder: Path) -> Mapping[str, SectionMaker]:
    """Return what makes each section on a study, and the folder of its trials."""
    return {
        "Winner": partial(_winner, study, folder),
        "History": partial(_history, study),
        "Importance of settings": partial(_importance, study),
        "Parallel coordinates": partial(_parallel, study),
        "Trials": lambda: [trials_table(study)],
        "Pruned and failed": partial(_ended_early, study),
    }


def trials_table(study: Any) -> Table:
    """Return a row for each trial: its state, its values, and what it was trained with."""
    names = [*dict.fromkeys(name for trial in study.trials for name in trial.params)]
    objectives = _objectives(study)
    return Table(
        title="Trials",
        columns=["trial", "state", *objectives, "seconds", *names],
        rows=[
            [
                *(trial.number, _state(trial)),
                *(trial.values or [None] * len(objectives)),
                round(trial.duration.total_seconds(), 1) if trial.duration else None,
                *(without_places(trial.params.get(name)) for name in names),
            ]
            for trial in study.trials
        ],
    )


def _state(trial: Any) -> str:
    """Return how a trial ended, in the words of trials.csv."""
    return {"FAIL": "failed", "RUNNING": "unfinished"}.get(trial.state.name, trial.state.name.lower())


def _objectives(study: Any) -> list[str]:
    told = study.user_attrs.get("question", {}).get("objective")  # as our sweeps keep them: NAME:min
    names = told or study.metric_names or [f"objective {number}" for number in range(len(study.directions))]
    words = [direction.name.lower() for direction in study.directions]
    return [f"{name.partition(':')[0]} ({word})" for name, word in zip(names, words, strict=True)]


def _complete(study: Any) -> list[Any]:
    done = [trial for trial in study.trials if trial.state.name == "COMPLETE"]
    if not done:
        raise UserError("no trial has been completed yet")
    return done


def _winner(study: Any, folder: Path) -> Sequence[Block]:
    """Return the trial that is chosen, and which trials' test parts were looked at."""
    done = _complete(study)
    best = min(study.best_trials, key=lambda one: (_loss(study.directions[0], 0, one), one.number))
    found = {one.number: scores_of_test(trial_folder(folder, one.number)) for one in done}
    tested = [number for number, scores in found.items() if scores]
    those = f"trials {', '.join(map(str, tested))}" if tested else "none yet"
    looked_at = "this trial alone" if tested == [best.number] else those
    said = (
        f"Trial {best.number} is the best of {counted(len(done), 'completed trial')}, by the validation part."
        f" The test part was looked at for {looked_at}."
    )
    values = [*zip(_objectives(study), best.values, strict=True)]
    tried = [(name, without_places(value)) for name, value in best.params.items()]
    tables = [
        Table(title=f"Trial {best.number}", columns=["name", "value"], rows=[*values, *tried]),
        Table(title="Its test scores", columns=["score", "test"], rows=[*found[best.number].items()]),
    ]
    return [Text(text=said), *(table for table in tables if table.rows)]


def _history(study: Any) -> Sequence[Block]:
    charts = []
    for place, (name, direction) in enumerate(zip(_objectives(study), study.directions, strict=True)):
        done = _complete(study)
        xs, ys = [trial.number for trial in done], [trial.values[place] for trial in done]
        best = np.minimum.accumulate(ys) if direction.name == "MINIMIZE" else np.maximum.accumulate(ys)
        series = {
            "trial": Series(xs=xs, ys=ys, is_line=False),
            "best so far": Series(xs=xs, ys=best.tolist()),
        }
        charts.append(draw_chart(f"History of {name}", series, Axes(x="trial", y=name, is_counted=True)))
    return charts


def _importance(study: Any) -> Sequence[Block]:
    from optuna.importance import get_param_importances

    blocks: list[Block] = []
    for place, name in enumerate(_objectives(study)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that less is taken for better, as it is here
                found = get_param_importances(study, target=partial(_loss, study.directions[place], place))
        except (ValueError, RuntimeError) as error:  # of too few trials, or equal values
            blocks.append(Text(text=f"{name}: {without_places(str(error))}"))
            continue
        title = f"Importance of settings for {name}, by optuna.importance"
        blocks.append(draw_bars(title, found, of="setting", what="importance"))
    return blocks


def _loss(direction: Any, place: int, trial: Any) -> float:
    """Return a value of a trial of which less is better."""
    value: float = trial.values[place]
    return value if direction.name == "MINIMIZE" else -value


def _parallel(study: Any) -> Sequence[Block]:
    """Return a line for each trial, over an axis for each setting and one for the first objective."""
    done = _complete(study)[-_MOST_LINES:]
    names = [*dict.fromkeys(name for trial in done for name in trial.params)][:8]
    columns = {name: [trial.params.get(name) for trial in done] for name in names}
    objective = _objectives(study)[0]
    columns[objective] = [trial.values[0] for trial in done]
    scaled = np.array([_scaled(values) for values in columns.values()])
    losses = [_loss(study.directions[0], 0, trial) for trial in done]
    ranks = np.argsort(np.argsort(losses)[::-1])

    def paint(plot: Any) -> None:
        for line, rank in zip(scaled.T, ranks, strict=True):
            share = (rank + 1) / len(done)
            plot.plot(
                range(len(columns)), line, color=SERIES_COLOURS[0], alpha=0.15 + 0.7 * share, linewidth=1
            )
        labels = [name.rpartition(".")[2].partition(" ")[0][:14] for name in columns]
        plot.set_xticks(range(len(columns)), labels)
        plot.set_yticks([0, 1], ["low", "high"])

    title = "Parallel coordinates"
    said = (
        f"A line for each of {len(done)} trials; more solid: better {objective}. Axes: {', '.join(columns)}."
    )
    ends = [[name, *_ends(values)] for name, values in columns.items()]
    table = Table(title="Ends of the axes", columns=["axis", "low", "high"], rows=ends)
    svg = draw(paint, title=title, description=said, layout="constrained")
    return [Chart(title=title, description=said, svg=svg, table=table, notes=[said])]


def _scaled(values: Sequence[Any]) -> list[float]:
    """Return values between 0 and 1: numbers by their size or its logarithm, others by their names."""
    numbers = _as_numbers(values)
    low, high = np.nanmin(numbers), np.nanmax(numbers)
    if low > 0 and high / low >= 100:
        numbers, low, high = np.log(numbers), np.log(low), np.log(high)
    return ((numbers - low) / ((high - low) or 1)).tolist()


def _as_numbers(values: Sequence[Any]) -> Any:
    known = [value for value in values if value is not None]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        return np.array([np.nan if value is None else float(value) for value in values])
    names = sorted({str(value) for value in known})
    return np.array([np.nan if value is None else float(names.index(str(value))) for value in values])


def _ends(values: Sequence[Any]) -> tuple[Any, Any]:
    known = [value for value in values if value is not None]
    numbers = _as_numbers(known)
    return known[int(numbers.argmin())], known[int(numbers.argmax())]


def _ended_early(study: Any) -> Sequence[Block]:
    """Return the trials that were pruned or failed, with what is known of why."""
    rows = []
    for trial in study.trials:
        if trial.state.name not in ("PRUNED", "FAIL"):
            continue
        step = max(trial.intermediate_values, default=None)
        value = trial.intermediate_values.get(step)
        known = {**trial.system_attrs, **trial.user_attrs}
        why = known.get("reason")
        if trial.state.name == "PRUNED":
            why = why or "its value was worse than the pruner allows at that step"
        place = None if step is None else step + 1  # counted as epochs are
        rows.append([trial.number, _state(trial), place, value, without_places(str(why or ""))])
    if not rows:
        return [Text(text="No trial was pruned, and none failed.")]
    columns = ["trial", "state", "last epoch or fold", "value there", "why"]
    return [Table(title="Pruned and failed trials", columns=columns, rows=rows)]
