"""A sweep that is killed at random moments, and goes on each time.

Run ``python -m tests.campaign.sweep_kills --seed 0 --count 100``. One sweep is left in peace; then the same
sweep is made again and again, each of its lives ended by SIGKILL, until there were as many kills. It holds
if a trial that ended is never changed or lost, each sweep has the same trials in the end as the one in peace
(none twice, none more; values, reasons and parameters bit by bit), and no process outlives the kill.
"""

import argparse
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

from nested_lightning.app.sweeping.results import SweepResult
from nested_lightning.containers.sweeping.sweep import run_sweep
from nested_lightning.settings.application import parse_settings
from nested_lightning.settings.searching.space import make_space
from nested_lightning.settings.sweep import SweepSettings
from tests.conftest import make_small_settings, write_small_csv

NUM_TRIALS = 7
NUM_EPOCHS = 8
ORPHANS_END_S = 5.0
SEARCH = {
    "multi_feature.feature_extractor.kind": "plain,normalized",
    "multi_feature.feature_extractor.hidden_features": "int:4..64:log",
    "multi_feature.feature_extractor.dropout": "float:0..0.5",
    "multi_feature.optimizer.lr": "float:1e-4..1e-1:log",
}
_ENDED = "SELECT number, state FROM trials WHERE state NOT IN ('RUNNING', 'WAITING')"


def sweep_small(folder: Path, table: Path, *, jobs: int = 1, engine: str = "lightning") -> SweepResult:
    """Begin a sweep of small trainings, or go on with it."""
    small = make_small_settings(table, folder / "unused")
    small["multi_feature"]["feature_extractor"] = {"kind": "plain", "hidden_features": 8, "out_features": 4}
    small["trainer"]["max_epochs"] = NUM_EPOCHS
    space = make_space(parse_settings(small), SEARCH)
    objective = {"name": "val_loss", "direction": "min"}
    told = {"trials": NUM_TRIALS, "jobs": jobs, "engine": engine}
    how = SweepSettings.model_validate({**told, "keep": 1, "objectives": [objective], "search": SEARCH})
    is_there = (folder / "sweep.yaml").exists()  # a kill may come before there is a study
    return run_sweep(space=space, sweep=how, folder=folder, resume=is_there)


class Life:
    """One process that leads the sweep, forked from this one, so that it need not import torch first.

    Args:
        folder: Of the sweep; what it prints goes into a file beside it.
        table: That is trained on.
        jobs: Workers of the sweep; they are started as ever.
    """

    def __init__(self, folder: Path, table: Path, jobs: int) -> None:
        log = log_of(folder)
        self._process = get_context("fork").Process(target=_lead, args=(folder, table, jobs, log))
        self._process.start()

    def end(self) -> bool:
        """Wait for its end; return whether it was a good one."""
        self._process.join()
        return self._process.exitcode == 0

    def kill_after(self, delay_s: float) -> bool:
        """Kill it after that time; return whether it was still there."""
        self._process.join(delay_s)
        self._process.kill()
        self._process.join()
        return self._process.exitcode == -signal.SIGKILL


def log_of(folder: Path) -> Path:
    """Return the file with all that the leaders of a sweep print."""
    return folder.with_name(f"{folder.name}.log")


def _lead(folder: Path, table: Path, jobs: int, log: Path) -> None:
    with log.open("ab") as output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)
    result = sweep_small(folder, table, jobs=jobs)
    sys.exit(result.stopped or None)


class Campaign:
    """Kills of one seed.

    Args:
        folder: For everything.
        seed: Of the moments.
        jobs: Of each sweep.
    """

    def __init__(self, folder: Path, *, seed: int, jobs: int) -> None:
        self._folder, self._jobs = folder, jobs
        self._draw = random.Random(seed)
        self._table = write_small_csv(folder / "shapes.csv")
        self.faults: list[str] = []
        self.num_kills = self.num_sweeps = 0

    def run(self, count: int) -> None:
        """Kill until there were that many kills, and see the last sweep to its end."""
        peace, began_at_s = self._folder / "peace", time.monotonic()
        self._expect("the sweep in peace ends well", Life(peace, self._table, self._jobs).end(), peace)
        lasts_s = time.monotonic() - began_at_s
        while self.num_kills < count:
            self.num_sweeps += 1
            self._sweep(self._folder / f"sweep{self.num_sweeps}", lasts_s, count)

    def _sweep(self, folder: Path, lasts_s: float, count: int) -> None:
        ended: set[tuple[int, str]] = set()
        while self.num_kills < count:
            delay_s = self._draw.uniform(0.0, lasts_s)
            if not Life(folder, self._table, self._jobs).kill_after(delay_s):
                break
            self.num_kills += 1
            self._expect(f"no process outlives a kill after {delay_s:.1f} s", _are_gone(folder))
            now = _ended(folder)
            self._expect(f"ended trials stay as they are: {ended - now}", ended <= now)
            ended = now
        has_ended = Life(folder, self._table, self._jobs).end()
        self._expect("it goes on to its end", has_ended, folder)
        if has_ended:
            self._compare(folder)
        print(f"{self.num_kills} kills, {self.num_sweeps} sweeps, {len(self.faults)} faults", flush=True)
        shutil.rmtree(folder / "trials", ignore_errors=True)

    def _compare(self, folder: Path) -> None:
        numbers = sorted(number for number, _ in _ended(folder))
        self._expect(f"each trial once: {numbers}", numbers == list(range(NUM_TRIALS)))
        tables = [(one / "trials.csv").read_text() for one in (self._folder / "peace", folder)]
        if self._jobs == 1:
            self._expect("the same table: " + "\n".join(tables), tables[0] == tables[1])

    def _expect(self, what: str, holds: bool, folder: Path | None = None) -> None:
        if not holds:
            printed = log_of(folder).read_text()[-2000:] if folder else ""
            self.faults.append(f"kill {self.num_kills}, sweep {self.num_sweeps}: not so: {what} {printed}")
            print(self.faults[-1], flush=True)


def _ended(folder: Path) -> set[tuple[int, str]]:
    file = folder / "study.db"
    if not file.exists():
        return set()
    connection = sqlite3.connect(file)
    try:
        return set(connection.execute(_ENDED))
    finally:
        connection.close()


def _are_gone(folder: Path) -> bool:
    """Wait until no process works in a sweep's folder; return whether it came to that."""
    until = time.monotonic() + ORPHANS_END_S
    while time.monotonic() < until:
        if not any(_workers(folder)):
            return True
        time.sleep(0.1)
    return False


def _workers(folder: Path) -> Iterator[str]:
    """Give the processes that write into a file of the sweep."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            output = (process / "fd" / "1").readlink()
            if output.is_relative_to(folder) and (process / "stat").read_text().split()[2] != "Z":
                yield process.name
        except OSError:
            continue


def run(seed: int, count: int, *, jobs: int = 1) -> list[str]:
    """Kill that often, and return what didn't hold."""
    with tempfile.TemporaryDirectory() as name:
        campaign = Campaign(Path(name), seed=seed, jobs=jobs)
        campaign.run(count)
    return campaign.faults


def main() -> None:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    faults = run(options.seed, options.count, jobs=options.jobs)
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
