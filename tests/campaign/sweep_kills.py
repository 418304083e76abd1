"""SIGKILLs at random moments of a sweep: no trial may be lost, counted twice, or get other parameters.

``python -m tests.campaign.sweep_kills [KILLS] [SEED]`` starts ``sweep`` and kills it, again and again, with
``--resume`` each time; then lets one end, and compares its table with that of a sweep that nobody killed.
"""

import csv
import random
import subprocess
import sys
import tempfile
from pathlib import Path

_OPTIONS = (
    *("--model", "multi-feature", "--label", "label", "--set", "trainer.max_epochs=6", "--set", "seed=1"),
    *("--search", "multi_feature.feature_extractor.kind=plain,residual,normalized"),
    *("--search", "multi_feature.feature_extractor.hidden_features=int:4..32:log"),
    *("--search", "multi_feature.optimizer.lr=float:1e-4..1e-1:log", "--trials"),
)


def main(num_kills: int = 100, seed: int = 0) -> None:
    """Kill sweeps until there were so many kills, and report what was lost."""
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        folder, data = Path(place), Path(place, "small.csv")
        write_table(data)
        whole = run_whole(folder / "whole", data, num_trials=12)
        done = failures = sweeps = 0
        while done < num_kills:
            sweeps += 1
            killed = folder / f"killed-{sweeps}"
            done += kill_often(killed, data, draw, num_trials=12, most=num_kills - done)
            table = read_table(killed)
            open_trials = [row["trial"] for row in table if row["state"] == "interrupted"]
            is_same = table == whole
            failures += not is_same
            print(
                f"{done} kills, sweep {sweeps}: {len(table)} trials, open {open_trials}, same table: {is_same}"
            )
        print(f"{done} SIGKILLs in {sweeps} sweeps of 12 trials: {failures} sweeps with another table")
        sys.exit(bool(failures))


def write_table(file: Path) -> None:
    """Write 120 rows of two groups and three classes."""
    draw = random.Random(0)
    rows = [[*(f"{draw.random():.6f}" for _ in range(4)), f"k{index % 3}"] for index in range(120)]
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows([["a_0", "a_1", "b_0", "b_1", "label"], *rows])


def start(folder: Path, data: Path, *, num_trials: int) -> subprocess.Popen[bytes]:
    """Start a sweep, or go on with it."""
    new = ("--folder", str(folder), "--data", str(data), *_OPTIONS, str(num_trials))
    options = ("--resume", str(folder)) if (folder / "sweep.yaml").exists() else new
    command = (sys.executable, "main.py", "sweep", *options)
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def run_whole(folder: Path, data: Path, *, num_trials: int) -> list[dict[str, str]]:
    """Return the table of a sweep that nobody kills."""
    process = start(folder, data, num_trials=num_trials)
    _, said = process.communicate()
    if process.returncode:
        sys.exit(said.decode())
    return read_table(folder)


def kill_often(folder: Path, data: Path, draw: random.Random, *, num_trials: int, most: int) -> int:
    """Kill a sweep at random moments until it ends; return how often."""
    for kills in range(10_000):
        process = start(folder, data, num_trials=num_trials)
        try:
            _, said = process.communicate(timeout=draw.uniform(0.2, 25) if kills < most else None)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            continue
        if process.returncode:
            sys.exit(f"{folder}: status {process.returncode}: {said.decode()}")
        return kills
    raise AssertionError("it never ends")


def read_table(folder: Path) -> list[dict[str, str]]:
    """Return the lines of ``trials.csv``."""
    with (folder / "trials.csv").open(newline="") as opened:
        return list(csv.DictReader(opened))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
