"""What a report says of a sweep's study."""

import json
from pathlib import Path
from typing import Any

import pytest

from nested_lightning.app.report.contents import Text, make_sections
from nested_lightning.app.report.sweeps import is_sweep, open_study, sweep_sections, trials_table
from nested_lightning.app.sweeping.results import trial_folder

optuna = pytest.importorskip("optuna")
from nested_lightning.app.sweeping.opening import address_of  # noqa: E402 - which imports optuna


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Twelve trials, some of them pruned, and one that failed."""
    folder = tmp_path_factory.mktemp("sw?e%20ep#")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    made = optuna.create_study(
        study_name="sweep",
        storage=address_of(folder / "study.db"),
        sampler=optuna.samplers.RandomSampler(seed=0),
        pruner=optuna.pruners.ThresholdPruner(upper=1.0),
    )

    def train(trial: Any) -> float:
        rate = trial.suggest_float("multi_feature.optimizer.lr", 1e-5, 1e-1, log=True)
        kind = trial.suggest_categorical("multi_feature.head.kind", ["normalized", "<b>members</b>"])
        trial.report(20 * rate, 3)
        if trial.should_prune():
            raise optuna.TrialPruned
        return float(abs(rate - 0.01) + 0.1 * (kind == "normalized"))

    made.optimize(train, n_trials=12)
    failed = made.ask()
    failed.set_user_attr("reason", "out of memory in /root/secret/place")
    made.tell(failed, state=optuna.trial.TrialState.FAIL)
    assert is_sweep(folder)
    return open_study(folder)


def blocks_of(study: Any, title: str, folder: Path = Path("nowhere")) -> Any:
    """Return what a section holds; none of them fails."""
    sections = {one.title: one.blocks for one in make_sections(sweep_sections(study, folder))}
    assert not [
        block for blocks in sections.values() for block in blocks if getattr(block, "is_problem", False)
    ]
    return sections[title]


def test_the_winner_is_named_with_its_scores_and_whose_test_part_was_looked_at(
    study: Any, tmp_path: Path
) -> None:
    best = min((one for one in study.trials if one.value is not None), key=lambda one: one.value)
    (untested,) = (one for one in blocks_of(study, "Winner", tmp_path) if isinstance(one, Text))
    run = trial_folder(tmp_path, best.number)
    run.mkdir(parents=True)
    result = {"num_steps": 1, "duration_s": 1.0, "validation": {}, "test": {"test_accuracy": 0.75}}
    (run / "results.json").write_text(json.dumps(result))

    text, chosen, scores = blocks_of(study, "Winner", tmp_path)

    assert "The test part was looked at for none yet." in untested.text
    assert text.text.startswith(f"Trial {best.number} is the best of ")
    assert "The test part was looked at for this trial alone." in text.text
    assert ["multi_feature.optimizer.lr", best.params["multi_feature.optimizer.lr"]] in map(list, chosen.rows)
    assert [*map(list, scores.rows)] == [["accuracy", 0.75]]


def test_history_has_each_completed_trial_and_the_best_so_far(study: Any) -> None:
    (chart,) = blocks_of(study, "History")

    values = [trial.value for trial in study.trials if trial.state.name == "COMPLETE"]
    assert [row[1] for row in chart.table.rows] == values
    assert [row[2] for row in chart.table.rows] == [min(values[: i + 1]) for i in range(len(values))]


def test_settings_are_ranked_by_what_the_objective_depends_on(study: Any) -> None:
    (chart,) = blocks_of(study, "Importance of settings")

    assert {name for name, _ in chart.table.rows} == {"multi_feature.optimizer.lr", "multi_feature.head.kind"}
    assert sum(value for _, value in chart.table.rows) == pytest.approx(1)


def test_axes_of_parallel_coordinates_end_at_the_values_that_were_tried(study: Any) -> None:
    (chart,) = blocks_of(study, "Parallel coordinates")

    ends = {name: (low, high) for name, low, high in chart.table.rows}
    assert ends["multi_feature.head.kind"] == ("normalized", "<b>members</b>")
    low, high = ends["multi_feature.optimizer.lr"]
    assert 1e-5 <= low < high <= 0.05


def test_pruned_and_failed_trials_say_why_and_where(study: Any) -> None:
    (table,) = blocks_of(study, "Pruned and failed")
    assert {row[1] for row in table.rows} == {"pruned", "failed"}

    pruned = [trial.number for trial in study.trials if trial.state.name == "PRUNED"]
    assert pruned
    assert [row[0] for row in table.rows] == [*pruned, 12]
    assert table.rows[0][2] == 4
    assert table.rows[0][3] > 1
    assert table.rows[-1][4] == "out of memory in …/place"


def test_every_trial_is_in_the_table(study: Any) -> None:
    table = trials_table(study)

    assert len(table.rows) == 13
    assert "<b>members</b>" in {row[-1] for row in table.rows} | {row[-2] for row in table.rows}
