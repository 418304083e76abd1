"""The study of a sweep: what is drawn, what survives, what is refused."""

import os
import sqlite3
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from optuna.distributions import FloatDistribution, IntDistribution

from nested_lightning.app.errors import UserError
from nested_lightning.app.sweeping.opening import open_study, quiet_optuna
from nested_lightning.app.sweeping.results import Objective, SweepResult, TrialRecord
from nested_lightning.app.sweeping.sampling import refuse_grid
from nested_lightning.app.sweeping.study import SweepStudy
from tests.app.sweeping.spaces import LOSS, SMALL, SPACE, Parameter, Space, plan
from tests.quick_first import quick_first


def opened(folder: Path, question: dict[str, Any] | None = None, **changes: Any) -> SweepStudy:
    with quiet_optuna():
        return open_study(folder, plan=plan(**changes), question=question or {"seed": 1}, address=None)


def loss_of(settings: Any) -> float:
    penalty = settings.get("head.dropout", 0.3)
    return abs(settings.get("lr", 0.01) - 0.01) + float(penalty) + settings.get("width", 0)


def run(study: SweepStudy, most: int = 100) -> list[dict[str, Any]]:
    """Have trials ended until there are enough, or so many."""
    with quiet_optuna():
        for _ in range(most):
            trial = study.begin()
            if trial is None:
                break
            study.end(trial.number, "complete", [loss_of(trial.settings)])
    return [dict(one.settings) for one in study.records()]


@pytest.mark.parametrize("sampler", quick_first(["tpe", "random", "cma-es"]))
def test_a_study_that_is_opened_anew_again_and_again_draws_the_same(tmp_path: Path, sampler: str) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    whole = run(opened(tmp_path / "a", sampler=sampler, trials=14))

    for _ in range(4):
        study = opened(tmp_path / "b", sampler=sampler, trials=14)
        run(study, most=4)
        study.close()

    assert [dict(one.settings) for one in opened(tmp_path / "b", sampler=sampler).records()] == whole
    assert len(whole) == 14


def test_the_first_trial_is_the_defaults_and_what_belongs_to_a_kind_is_asked_for_with_it_alone(
    tmp_path: Path,
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trials = run(opened(tmp_path))

    assert trials[0] == {"head.kind": "plain", "lr": 1e-3}
    assert {one["head.kind"] for one in trials} == {"plain", "normalized"}
    for one in trials:
        assert ("head.dropout" in one) == (one["head.kind"] == "normalized")


def test_defaults_outside_of_what_is_searched_are_drawn(tmp_path: Path) -> None:
    study = opened(tmp_path, space=type(SMALL)(SMALL.parameters, {"width": 99}))

    assert run(study, most=1)[0]["width"] in range(1, 5)


def test_trials_that_run_at_the_same_time_differ(tmp_path: Path) -> None:
    study = opened(tmp_path)
    with quiet_optuna():
        begun = [study.begin() for _ in range(20)]

    rates = {one.settings["lr"] for one in begun if one is not None}
    assert len(rates) == 20
    assert study.begin() is None


@pytest.mark.parametrize("sampler", quick_first(["grid", "tpe", "random", "cma-es"], num_quick=2))
def test_a_search_ends_when_all_that_there_is_was_tried(tmp_path: Path, sampler: str) -> None:
    trials = run(opened(tmp_path, space=SMALL, sampler=sampler))

    assert trials[0] == {"width": 2}
    assert sorted(one["width"] for one in trials) == [1, 2, 3, 4]


def test_a_grid_with_what_belongs_to_a_kind_alone_has_each_point_once(tmp_path: Path) -> None:
    kind = SPACE.parameters[0]
    dropout = Parameter("head.dropout", FloatDistribution(0.0, 0.3, step=0.05), {kind.path: ("normalized",)})

    trials = run(opened(tmp_path, space=Space((kind, dropout), {}), sampler="grid", trials=99))

    assert len(trials) == len({str(one) for one in trials}) == 1 + 7


@pytest.mark.parametrize(
    ("distribution", "why"),
    [(FloatDistribution(0, 1), "a grid needs single values"), (IntDistribution(1, 10**9), "are too many")],
)
def test_a_grid_without_end_is_refused(distribution: Any, why: str) -> None:
    with pytest.raises(UserError, match=why):
        refuse_grid(Space((Parameter("width", distribution),), {}))


def test_what_an_interrupted_trial_reports_once_more_changes_nothing(tmp_path: Path) -> None:
    study = opened(tmp_path, trials=7)
    with quiet_optuna():
        for number in range(5):
            study.begin()
            for step in range(3):
                assert study.report(number, step, 1.0) is None
            study.end(number, "complete", [1.0])
        study.begin()
        first = study.report(5, 0, 2.0)
        study.close()

        again = opened(tmp_path, trials=7)
        assert [one.number for one in again.interrupted()] == [5]
        why = again.report(5, 0, 2.0)

    assert why == first == "val_loss 2 at step 1 of 5: worse than the median of those before"
    again.end(5, "pruned", reason=why)
    assert again.records()[5].state == "pruned"
    assert again.records()[5].reason == why


def test_the_loss_prunes_nothing_where_the_size_alone_is_judged(tmp_path: Path) -> None:
    size = Objective(name="parameters", direction="max")
    study = opened(tmp_path, objectives=(size,), trials=7)
    with quiet_optuna():
        for number in range(7):
            study.begin()
            assert study.report(number, 0, -float(number)) is None
            study.end(number, "complete", [9.0])


def test_a_front_is_what_no_other_trial_is_better_than(tmp_path: Path) -> None:
    size = Objective(name="parameters", direction="min")
    score = Objective(name="val_f1", direction="max")
    study = opened(tmp_path, space=SMALL, objectives=(score, size))
    with quiet_optuna():
        for number, values in enumerate([(0.5, 10.0), (0.9, 20.0), (0.8, 30.0)]):
            study.begin()
            study.end(number, "complete", values)

    assert [one.is_on_front for one in study.records()] == [True, True, False]


def test_another_question_is_refused_and_named(tmp_path: Path) -> None:
    opened(tmp_path, {"search": [1], "pruner": "median"}).close()

    with pytest.raises(UserError, match=r"study\.db.*other values of 'search'"):
        opened(tmp_path, {"search": [2], "pruner": "median"})


def test_a_torn_file_is_refused_with_what_can_be_done(tmp_path: Path) -> None:
    opened(tmp_path).close()
    file = tmp_path / "study.db"
    file.write_bytes(b"\0" * 100 + file.read_bytes()[100:])

    with pytest.raises(UserError, match=r"study\.db.*put a copy of it back.*trials\.csv"):
        opened(tmp_path)


def test_the_file_of_a_newer_optuna_is_refused_with_what_can_be_done(tmp_path: Path) -> None:
    opened(tmp_path).close()
    with sqlite3.connect(tmp_path / "study.db") as database:
        database.execute("update alembic_version set version_num = 'v9.0.0'")
        database.execute("update version_info set schema_version = 99, library_version = '9.0.0'")

    with pytest.raises(UserError, match=r"another version of Optuna.*pip install -U optuna"):
        opened(tmp_path)


def test_a_study_in_a_folder_that_was_moved_is_whole(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    study = opened(tmp_path / "a")
    before = run(study, most=5)
    study.close()
    moved = (tmp_path / "a").rename(tmp_path / "b?c%20d#")

    assert [dict(one.settings) for one in opened(moved).records()] == before


def test_what_other_machines_have_to_do_yet_is_told() -> None:
    ours = TrialRecord(number=0, state="complete", settings={}, values=(0.5,))
    theirs = replace(ours, number=1, is_ours=False)

    def told(*trials: TrialRecord) -> str:
        return SweepResult(folder=Path(), objectives=(LOSS,), trials=trials, winner=trials[-1]).elsewhere

    assert told(theirs, ours) == ""
    assert "the winner lies on another machine" in told(ours, theirs)
    assert "1 trial on other machines" in told(replace(theirs, state="running"), ours)


def test_a_sweep_without_a_complete_trial_says_why_the_last_one_failed() -> None:
    failed = TrialRecord(number=0, state="failed", settings={}, reason="diverged")

    def told(*trials: TrialRecord, halted: str = "") -> str:
        return SweepResult(folder=Path(), objectives=(LOSS,), trials=trials, halted=halted).stopped

    assert told(failed) == "no trial was completed; the last one: diverged"
    assert told(failed, halted="the disk is full") == "the disk is full"
    assert told(failed, replace(failed, state="complete")) == ""


def test_the_objective_counts_by_its_direction() -> None:
    assert LOSS.cost(2.0) > LOSS.cost(1.0)
    assert Objective(name="f1", direction="max").cost(2.0) < Objective(name="f1", direction="max").cost(1.0)


@pytest.mark.slow
@pytest.mark.skipif("TEST_POSTGRESQL" not in os.environ, reason="no PostgreSQL address in TEST_POSTGRESQL")
def test_machines_that_start_at_the_same_instant_share_a_study(tmp_path: Path) -> None:
    import psycopg

    schema = f"sweep_{uuid4().hex}"  # so that there are no tables yet
    with psycopg.connect(os.environ["TEST_POSTGRESQL"], autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
    address = f"{os.environ['TEST_POSTGRESQL']}?options=-csearch_path%3D{schema}"

    def begin(machine: int) -> int:
        folder = tmp_path / str(machine) / "sweep"
        folder.mkdir(parents=True)
        trial = open_study(folder, plan=plan(), question={"seed": 1}, address=address).begin()
        assert trial is not None
        return trial.number

    with quiet_optuna(), ThreadPoolExecutor(4) as machines:
        assert sorted(machines.map(begin, range(4))) == [0, 1, 2, 3]
