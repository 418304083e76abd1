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
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from nested_lightning import UserError, parse_settings
from nested_lightning.app.sweeping.results import SweepResult
from nested_lightning.app.training.runs.run_folder import RunFolder
from nested_lightning.containers.sweeping.sweep import run_sweep
from nested_lightning.settings.reading.merging import merge
from nested_lightning.settings.searching.space import make_space
from nested_lightning.settings.sweep import check_sweep
from tests.command_line import MAIN
from tests.conftest import make_small_settings, write_small_csv

pytestmark = pytest.mark.slow

LR = "multi_feature.optimizer.lr"
EXTRACTOR = "multi_feature.feature_extractor"
SMALL = (
    *(
        "--set",
        f"{EXTRACTOR}.hidden_features=8",
        "--set",
        f"{EXTRACTOR}.out_features=4",
        "--set",
        "trainer.accelerator=cpu",
    ),
    *("--set", "multi_feature.data.batch_size=16", "--seed", "1"),
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_csv(tmp_path_factory.mktemp("data") / "small.csv")


def sweep(data: Path, folder: Path, *, resume: bool = False, search: Any = None, **how: Any) -> SweepResult:
    epochs = {"seed": 1, "trainer": {"max_epochs": how.pop("max_epochs", 2)}}
    changes = merge(epochs, how.pop("settings", {}))
    settings = parse_settings(merge(make_small_settings(data, folder / "unused"), changes))
    search = search or {LR: "float:1e-4..1e-1:log"}
    how = {"trials": 4, "objectives": ["val_loss:min"], "search": search, **how}
    return run_sweep(
        settings=settings,
        space=make_space(settings, search),
        sweep=check_sweep(how),
        folder=folder,
        resume=resume,
    )


def start(data: Path, folder: Path, *options: str) -> subprocess.Popen[bytes]:
    new = (
        "--model",
        "multi-feature",
        "--data",
        str(data),
        "--label",
        "shape",
        "--folder",
        str(folder),
        *SMALL,
    )
    told = ("--resume", str(folder)) if (folder / "sweep.yaml").exists() else (*new, *options)
    command = (sys.executable, str(MAIN), "sweep", *told)
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)


def wait_for(condition: Any, process: subprocess.Popen[bytes], limit_s: float = 120.0) -> None:
    """Wait until something holds, which a process that has ended before can't bring about."""
    until = time.monotonic() + limit_s
    while not condition():
        assert process.poll() is None, process.communicate()[1].decode()
        assert time.monotonic() < until
        time.sleep(0.05)


def workers_of(pid: int) -> list[int]:
    told = subprocess.run(("pgrep", "-P", str(pid)), capture_output=True, text=True, check=False)
    return [int(line) for line in told.stdout.split()]


def is_there(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_sweep_keeps_the_best_checkpoint_and_tests_its_winner_alone(data: Path, tmp_path: Path) -> None:
    result = sweep(data, tmp_path / "s", keep=1)

    assert [one.state for one in result.trials] == ["complete"] * 4
    assert result.winner == min(result.trials, key=lambda one: one.values)
    for trial in result.trials:
        folder = RunFolder(tmp_path / f"s/trials/{trial.number:04d}")
        told = json.loads(folder.results_file.read_text())
        assert trial.values == (told["validation"]["val_loss"],)
        assert folder.best_checkpoint.exists() == bool(told["test"]) == (trial == result.winner)
    assert {"accuracy", "macro_f1"} <= result.test_scores.keys()
    again = sweep(data, tmp_path / "s", keep=1, resume=True)
    assert not again.is_new
    assert (again.trials, again.test_scores) == (result.trials, result.test_scores)
    with pytest.raises(UserError, match="other values of 'pruner'"):
        sweep(data, tmp_path / "s", keep=1, resume=True, pruner="none")


def test_labels_of_test_rows_change_the_last_score_alone(data: Path, tmp_path: Path) -> None:
    rows = list(csv.reader(data.read_text().splitlines()))
    head, rows = (
        [*rows[0], "split"],
        [[*row, ("train", "val", "test")[min(2, n % 5 // 2)]] for n, row in enumerate(rows[1:])],
    )
    other = [[*row[:-2], "star", row[-1]] if row[-1] == "test" else row for row in rows]
    results = []
    for name, table in {"a": rows, "b": other}.items():
        file = tmp_path / f"{name}.csv"
        with file.open("w", newline="") as opened:
            csv.writer(opened).writerows([head, *table])
        split = {"multi_feature": {"data": {"split": {"kind": "column"}}}}
        results.append(sweep(file, tmp_path / name, trials=3, settings=split))

    assert results[0].trials == results[1].trials
    assert results[0].test_scores != results[1].test_scores


def test_a_reader_of_the_study_loses_and_doubles_nothing(data: Path, tmp_path: Path) -> None:
    file, ended, seen = tmp_path / "s" / "study.db", threading.Event(), []

    def read() -> None:
        while not ended.wait(0.005):
            if file.exists():
                with closing(sqlite3.connect(file, timeout=60)) as study:
                    seen.append(len(study.execute("SELECT * FROM trials").fetchall()))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        result = sweep(data, tmp_path / "s", trials=8, jobs=2, max_epochs=1, pruner="none")
    finally:
        ended.set()
        reader.join()

    assert [(one.number, one.state) for one in result.trials] == [(i, "complete") for i in range(8)]
    assert len({one.settings[LR] for one in result.trials}) == 8
    assert seen == sorted(seen)
    assert len({*seen}) > 3


def test_trials_that_diverge_fail_and_say_so(data: Path, tmp_path: Path) -> None:
    result = sweep(data, tmp_path / "s", search={LR: "float:1e8..1e12:log"}, trials=3, max_failures=1)
    assert "2 trials failed" in result.stopped

    result = sweep(
        data, tmp_path / "s", search={LR: "float:1e8..1e12:log"}, trials=3, max_failures=1, resume=True
    )

    assert [one.reason for one in result.trials] == ["diverged: val_loss is nan"] * 3
    assert result.winner is None
    assert result.stopped == "no trial was completed; the last one: diverged: val_loss is nan"


def test_an_objective_that_nothing_logs_stops_a_sweep_at_its_first_trial(data: Path, tmp_path: Path) -> None:
    result = sweep(data, tmp_path / "sweep", objectives=["val_los:min"])

    assert result.winner is None
    assert result.stopped.startswith("--objective val_los: no such value is logged; did you mean 'val_loss'?")
    assert not any(one.state == "failed" for one in result.trials)


def test_a_worker_that_is_killed_fails_its_trial_and_is_replaced(data: Path, tmp_path: Path) -> None:
    process = start(
        data,
        tmp_path / "s",
        "--trials",
        "2",
        "--set",
        "trainer.max_epochs=60",
        "--search",
        f"{LR}=float:1e-4..1e-1:log",
    )
    wait_for((tmp_path / "s/trials/0000/settings.yaml").exists, process)
    os.kill(workers_of(process.pid)[0], signal.SIGKILL)
    process.communicate()

    assert process.returncode == 0
    states = [(row["state"], row["reason"]) for row in csv.DictReader((tmp_path / "s/trials.csv").open())]
    assert states == [("failed", "its process was ended by SIGKILL"), ("complete", "")]


def test_ctrl_c_ends_all_in_seconds_and_a_kill_too_and_the_trials_go_on(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    search = ("--search", f"{LR}=float:1e-4..1e-2:log", "--pruner", "none")
    process = start(data, folder, "--trials", "3", "--jobs", "2", "--set", "trainer.max_epochs=60", *search)
    wait_for(lambda: all((folder / f"trials/000{n}/metrics.csv").exists() for n in range(2)), process)
    workers = workers_of(process.pid)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    process.communicate()
    assert time.monotonic() - began < 10  # 5 where the machine has nothing else to do
    assert process.returncode == 130
    assert len(workers) == 2
    assert not any(map(is_there, workers))

    process = start(data, folder)
    wait_for(lambda: workers_of(process.pid), process)
    workers = workers_of(process.pid)
    time.sleep(2)
    process.kill()
    process.communicate()
    until = time.monotonic() + 5
    while any(map(is_there, workers)):
        assert time.monotonic() < until
        time.sleep(0.05)

    process = start(data, folder)
    process.communicate()
    assert process.returncode == 0
    rows = [*csv.DictReader((folder / "trials.csv").open())]
    assert [row["state"] for row in rows] == ["complete"] * 3
    assert sweep(
        data,
        tmp_path / "whole",
        trials=3,
        pruner="none",
        max_epochs=60,
        search={LR: "float:1e-4..1e-2:log"},
    )
    assert (folder / "trials.csv").read_text() == (tmp_path / "whole/trials.csv").read_text()
