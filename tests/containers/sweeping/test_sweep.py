"""Whole sweeps, in real processes: killed, stopped, failing, and looked at from outside."""

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
import yaml

from nested_lightning import UserError, parse_settings
from nested_lightning.app.sweeping.results import SweepResult, TrialRecord
from nested_lightning.app.training.runs.run_folder import RunFolder
from nested_lightning.containers.sweeping.sweep import run_sweep
from nested_lightning.settings.reading.merging import merge
from nested_lightning.settings.searching.space import make_space
from nested_lightning.settings.sweep import SweepSettings
from tests.command_line import MAIN
from tests.conftest import make_small_settings, write_small_csv

pytestmark = pytest.mark.slow

LR = "multi_feature.optimizer.lr"
WIDTHS = {"hidden_features": 1024, "out_features": 1024}
WIDE = {"multi_feature": {"feature_extractor": {"kind": "plain", **WIDTHS}}}
NUM_WIDE_BYTES = 4 * 2_116_611
"""Of its weights; a training has three times as many."""
BY_COLUMN = {"multi_feature": {"data": {"split": {"kind": "column"}}}}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_csv(tmp_path_factory.mktemp("data") / "small.csv")


def small(data: Path, folder: Path, **changes: Any) -> dict[str, Any]:
    return merge(make_small_settings(data, folder / "unused"), {"seed": 1, **changes})


def sweep(
    data: Path,
    folder: Path,
    *,
    resume: bool = False,
    search: Any = None,
    reported: Callable[[TrialRecord], None] = lambda _trial: None,
    **how: Any,
) -> SweepResult:
    changes = merge({"trainer": {"max_epochs": how.pop("max_epochs", 2)}}, how.pop("settings", {}))
    settings = parse_settings(small(data, folder, **changes))
    search = search or {LR: "float:1e-4..1e-1:log"}
    how = {"trials": 4, "objectives": ["val_loss:min"], "search": search, **how}
    return run_sweep(
        space=make_space(settings, search),
        sweep=SweepSettings.model_validate(how),
        folder=folder,
        resume=resume,
        reported=reported,
    )


def wait_for(condition: Any, process: subprocess.Popen[bytes], limit_s: float = 120.0) -> None:
    """Wait until something holds, which a process that has ended before can't bring about."""
    until = time.monotonic() + limit_s
    while not condition():
        assert process.poll() is None, process.communicate()[1].decode()
        assert time.monotonic() < until
        time.sleep(0.05)


def workers_of(pid: int) -> list[int]:
    """Return the workers that a process has started."""
    told = subprocess.run(
        ("pgrep", "-P", str(pid), "-f", "sweeping.worker"), capture_output=True, text=True, check=False
    )
    return [int(line) for line in told.stdout.split()]


def is_there(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


@pytest.fixture(scope="module")
def judged(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[SweepResult]]:
    """A folder with the sweep ``a``, and ``b`` of a table with another label in its test rows."""
    folder = tmp_path_factory.mktemp("judged")
    head, *rows = csv.reader(data.read_text().splitlines())
    rows = [[*row, ("train", "val", "test")[min(2, n % 5 // 2)]] for n, row in enumerate(rows)]
    other = [[*row[:-2], "star", row[-1]] if row[-1] == "test" else row for row in rows]
    results = []
    for name, table in {"a": rows, "b": other}.items():
        file = folder / f"{name}.csv"
        with file.open("w", newline="") as opened:
            csv.writer(opened).writerows([[*head, "split"], *table])
        results.append(sweep(file, folder / name, trials=3, keep=1, settings=BY_COLUMN))
    return folder, results


def test_a_sweep_keeps_the_best_checkpoint_and_tests_its_winner_alone(
    judged: tuple[Path, list[SweepResult]],
) -> None:
    folder, (result, _) = judged

    assert [one.state for one in result.trials] == ["complete"] * 3
    assert result.winner == min(result.trials, key=lambda one: one.values)
    for trial in result.trials:
        run = RunFolder(folder / f"a/trials/{trial.number:04d}")
        told = json.loads(run.results_file.read_text())
        assert trial.values == (told["validation"]["val_loss"],)
        assert run.best_checkpoint.exists() == bool(told["test"]) == (trial == result.winner)
    assert {"accuracy", "macro_f1"} <= result.test_scores.keys()
    again: dict[str, Any] = {"trials": 3, "keep": 1, "settings": BY_COLUMN, "resume": True}
    done = sweep(folder / "a.csv", folder / "a", **again)
    assert not done.is_new
    assert (done.trials, done.test_scores) == (result.trials, result.test_scores)
    with pytest.raises(UserError, match="other values of 'pruner'"):
        sweep(folder / "a.csv", folder / "a", pruner="none", **again)
    with pytest.raises(UserError, match="other values of 'objective'"):
        sweep(folder / "a.csv", folder / "a", objectives=["val_loss:max"], **again)
    with pytest.raises(UserError, match="other values of 'data'"):
        sweep(folder / "b.csv", folder / "a", **{**again, "trials": 4})


def test_labels_of_test_rows_change_the_last_score_alone(judged: tuple[Path, list[SweepResult]]) -> None:
    _, (one, other) = judged

    assert one.trials == other.trials
    assert one.test_scores != other.test_scores


def test_a_reader_of_the_study_loses_nothing_and_workers_give_memory_back(data: Path, tmp_path: Path) -> None:
    file, ended, seen = tmp_path / "s" / "study.db", threading.Event(), []
    taken: list[int] = []

    def read() -> None:
        while not ended.wait(0.005):
            if file.exists():
                with closing(sqlite3.connect(file, timeout=60)) as study:
                    seen.append(len(study.execute("SELECT * FROM trials").fetchall()))

    def weigh(_trial: TrialRecord) -> None:
        taken.append(sum(map(resident_bytes, workers_of(os.getpid()))))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        result = sweep(data, tmp_path / "s", trials=14, jobs=2, max_epochs=2, settings=WIDE, reported=weigh)
    finally:
        ended.set()
        reader.join()

    assert [one.number for one in result.trials] == [*range(14)]
    assert {one.state for one in result.trials} == {"complete", "pruned"}
    assert len({one.settings[LR] for one in result.trials}) == 14
    assert seen == sorted(seen)
    assert len({*seen}) > 3
    assert max(taken[10:]) < max(taken[4:7]) + 5 * NUM_WIDE_BYTES  # of seven trials


def test_ctrl_c_ends_all_in_seconds_and_a_kill_too_and_the_trials_go_on(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    how: dict[str, Any] = {"trials": 3, "pruner": "none", "search": {LR: "float:1e-4..1e-2:log"}}
    long = {"trainer": {"max_epochs": 25}}
    asked = small(data, folder, **long) | {"sweep": {**how, "jobs": 2, "objectives": ["val_loss:min"]}}
    (tmp_path / "asked.yaml").write_text(yaml.safe_dump(asked))
    command = (sys.executable, str(MAIN), "sweep", "--config", "asked.yaml", "--folder", "s")
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=tmp_path)
    wait_for(lambda: all((folder / f"trials/000{n}/metrics.csv").exists() for n in range(2)), process)
    workers = workers_of(process.pid)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    process.communicate()
    assert time.monotonic() - began < 10  # 2 where the machine has nothing else to do
    assert process.returncode == 130
    assert len(workers) == 2
    assert not any(map(is_there, workers))
    rows = [row.split(",") for row in (folder / "trials.csv").read_text().splitlines()[1:]]
    states, drawn = [row[1] for row in rows], [row[-1] for row in rows]
    assert len(states) >= 2
    assert {"unfinished"} <= {*states} <= {"unfinished", "complete"}  # one may have ended by then

    log = folder / "worker-0.log"
    rest = {"resume": True, "max_epochs": 25, **how}
    life = get_context("fork").Process(target=sweep, args=(data, folder), kwargs=rest)
    life.start()
    assert life.pid is not None
    until = time.monotonic() + 60
    while not (workers := workers_of(life.pid)) and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(2)
    life.kill()
    life.join()
    until = time.monotonic() + 5
    while any(map(is_there, workers)):
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)

    result = sweep(data, folder, **rest)
    assert [one.state for one in result.trials] == ["complete"] * 3
    assert [str(one.settings[LR]) for one in result.trials][: len(drawn)] == drawn
