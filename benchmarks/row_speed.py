"""How long a trained predictor takes for one row, and for 64, beside another version of this project.

Run it from the project's folder with ``python -m benchmarks.row_speed``, or to compare with
``--against FOLDER --python FOLDER/.venv/bin/python``, another checkout and its interpreter. Each version
trains the default multi-feature for an epoch; then living processes of both answer in turn, on one thread.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from nested_lightning.app.tables.table_file import read_table

PROJECT = Path(__file__).resolve().parents[1]
SIZES = (1, 64)
CHILD = """
import json, pathlib, statistics, sys, time
sys.path.insert(0, "")
import torch
try:
    from nested_lightning import from_checkpoint
except ImportError:  # before it was one package
    from containers import from_checkpoint
torch.set_num_threads(1)
predictor = from_checkpoint(pathlib.Path(sys.argv[1])).multi_feature.predictor()
predict = getattr(predictor, "predict_rows", None) or predictor.predict
rows = json.load(open(sys.argv[2]))

def clock(size):
    start_s = time.perf_counter()
    predict(rows[:size])
    return time.perf_counter() - start_s

for line in sys.stdin:
    print(statistics.median(clock(int(line)) for _ in range(50)), flush=True)
"""


def main(against: Path | None = None, python: Path = Path(sys.executable), rounds: int = 15) -> None:
    """Print milliseconds: medians of all rounds, each of which is the median of 50 calls, with quartiles."""
    versions = {"this version": (PROJECT, Path(sys.executable))}
    if against:
        versions["the other"] = (against.resolve(), python.absolute())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        rows = folder / "rows.json"
        rows.write_text(json.dumps(shipped_rows(max(SIZES))))
        asks = {
            name: stack.enter_context(answering(*version, rows, folder / name.replace(" ", "-")))
            for name, version in versions.items()
        }
        found = time_in_turn(asks, rounds)
    Console().print(tabulate(found))


def time_in_turn(asks: dict[str, Any], rounds: int) -> dict[int, dict[str, list[float]]]:
    """Return milliseconds by number of rows and version; the first round isn't counted."""
    found: dict[int, dict[str, list[float]]] = {size: {name: [] for name in asks} for size in SIZES}
    for number in range(rounds + 1):
        for size in SIZES:
            for name, ask in asks.items():
                milliseconds = ask(size)
                if number:
                    found[size][name].append(milliseconds)
    return found


def tabulate(found: dict[int, dict[str, list[float]]]) -> Table:
    """Return a table of medians with quartiles, and of how many times longer the others take."""
    table = Table("rows", "version", "ms", "quartiles", "times as long as this", "quartiles")
    for size, by_version in found.items():
        own = by_version["this version"]
        for name, values in by_version.items():
            ratios = [value / mine for value, mine in zip(values, own, strict=True)]
            table.add_row(str(size), name, *quartiles(values), *quartiles(ratios))
    return table


def quartiles(values: list[float]) -> tuple[str, str]:
    """Return the median, and both quartiles."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.2f}", f"{low:.2f} to {high:.2f}"


def shipped_rows(count: int) -> list[dict[str, float]]:
    """Return the first rows of the digits that ship, with their label, as JSON would hold them."""
    return read_table(PROJECT / "app" / "data" / "shipped" / "mfeat.csv.gz").slice(0, count).to_pylist()


@contextmanager
def answering(checkout: Path, python: Path, rows: Path, folder: Path) -> Iterator[Any]:
    """Give a function that has a process of a version answer that many rows; returns milliseconds."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    train = ["main.py", "train", "--model", "multi-feature", "--set", "trainer.max_epochs=1"]
    subprocess.run(
        [python, *train, "--run-dir", folder],
        cwd=checkout,
        env=environment,
        capture_output=True,
        check=True,
    )
    checkpoint = folder / "checkpoints" / "best.ckpt"
    with subprocess.Popen(
        [python, "-c", CHILD, checkpoint, rows],
        cwd=checkout,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def ask(size: int) -> float:
            print(size, file=stdin, flush=True)
            return 1000 * float(stdout.readline())

        yield ask
        stdin.close()


if __name__ == "__main__":
    typer.run(main)
