"""A sweep: how its objective went, which settings matter, what was pruned, and where."""

import math
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from nested_lightning.app.errors import UserError, counted
from nested_lightning.app.foreign_files import foreign_file, regular_file
from nested_lightning.app.report.charts import Axes, Series, draw_bars, draw_chart
from nested_lightning.app.report.contents import Block, Chart, SectionMaker, Table, Text, table_of
from nested_lightning.app.report.page_svg import SERIES_COLOURS, draw
from nested_lightning.app.report.privacy import without_places
from nested_lightning.app.sweeping.keeping import scores_of_test
from nested_lightning.app.sweeping.results import trial_folder
from nested_lightning.app.training.runs.result import apart_from_baseline

STUDY = "study.db"
_MOST_LINES, _MOST_UPRIGHT = 200, 4


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
    table = Table(title=f"Trial {best.number}", columns=["name", "value"], rows=[*values, *tried])
    scores, baseline = apart_from_baseline(found[best.number])
    columns = {"test": scores, **({"baseline": baseline} if baseline else {})}
    return [Text(text=said), table, *([table_of("Its test scores", "score", columns)] if scores else [])]


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
    objective = _objectives(study)[0]
    axes = {name: [_place(trial, name) for trial in done] for name in names}
    axes[objective] = [trial.values[0] for trial in done]
    places = np.array([*axes.values()])
    low, high = np.nanmin(places, axis=1), np.nanmax(places, axis=1)
    heights = (places.T - low) / np.where(high > low, high - low, 1)
    losses = [_loss(study.directions[0], 0, trial) for trial in done]
    ranks = np.argsort(np.argsort(losses)[::-1])

    def paint(plot: Any) -> None:
        for line, rank in zip(heights, ranks, strict=True):
            share = (rank + 1) / len(done)
            plot.plot(range(len(axes)), line, color=SERIES_COLOURS[0], alpha=0.15 + 0.7 * share, linewidth=1)
        labels = [name.rpartition(".")[2].partition(" ")[0][:14] for name in axes]
        plot.set_xticks(range(len(axes)), labels, rotation=20 if len(axes) > _MOST_UPRIGHT else 0)
        plot.set_yticks([0, 1], ["low", "high"])

    title = "Parallel coordinates"
    said = f"A line for each of {len(done)} trials; more solid: better {objective}. Axes: {', '.join(axes)}."
    ends = [
        [
            name,
            *(
                done[end(ways)].params.get(name, done[end(ways)].values[0])
                for end in (np.nanargmin, np.nanargmax)
            ),
        ]
        for name, ways in axes.items()
    ]
    table = Table(title="Ends of the axes", columns=["axis", "low", "high"], rows=ends)
    svg = draw(paint, title=title, description=said, layout="constrained")
    return [Chart(title=title, description=said, svg=svg, table=table, notes=[said])]


def _place(trial: Any, name: str) -> float:
    """Return where on its axis a setting of a trial is: choices in their order, NaN where it wasn't tried."""
    if name not in trial.params:
        return math.nan
    searched = trial.distributions[name]
    number: float = searched.to_internal_repr(trial.params[name])
    return math.log(number) if getattr(searched, "log", False) else number


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
