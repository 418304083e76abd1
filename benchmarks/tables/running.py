"""One training of one model on one fold, many of them in processes, and the file that keeps their results."""

import json
import logging
import os
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One training.

    Attributes:
        table: Name of it.
        model: Name of it.
        seed: Of the folds and the training.
        fold: From 0.
        is_inner: Training rows judge, see `folds.parts`.
    """

    table: str
    model: str
    seed: int
    fold: int
    is_inner: bool = False


def run(trial: Trial, more: Mapping[str, Any]) -> dict[str, Any]:
    """Return a trial's scores and the seconds of its training, as a line of the file."""
    from benchmarks.tables import folds, models, sources
    from benchmarks.tables.scores import scores

    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    table = sources.SOURCES[trial.table]()
    rows = folds.parts(table, fold=trial.fold, seed=trial.seed, is_inner=trial.is_inner)
    train = models.model(trial.model, more)
    start = time.perf_counter()
    answer = train(table, rows, trial.seed)
    seconds = time.perf_counter() - start
    found = scores(table, rows.test, answer(rows.test))
    when = datetime.now(UTC).isoformat(timespec="seconds")
    return {**asdict(trial), **found, "seconds": seconds, "when": when, "settings": dict(more)}


def run_all(trials: Sequence[Trial], *, out: Path, jobs: int, more: Mapping[str, Any]) -> Iterator[Trial]:
    """Run what the file doesn't hold yet, and write a line for each; yield the trials that are done.

    Raises:
        RuntimeError: Some failed; the others are in the file.
    """
    os.environ.update(dict.fromkeys(THREADS, "1"))  # before a process imports what reads them
    done = {_trial(line) for line in read(out)}
    left = [trial for trial in trials if trial not in done]
    failed = []
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(_attempt, trial, more): trial for trial in left}
        for future in as_completed(running):
            if isinstance(line := future.result(), str):
                failed.append(f"{running[future]}: {line}")
            else:
                with out.open("a") as file:
                    file.write(json.dumps(line) + "\n")
            yield running[future]
    if failed:
        raise RuntimeError("\n".join(failed))


def _attempt(trial: Trial, more: Mapping[str, Any]) -> dict[str, Any] | str:
    """Return a trial's line, or what went wrong: an error that can't be pickled would end all others."""
    try:
        return run(trial, more)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def read(out: Path) -> list[dict[str, Any]]:
    """Return the lines of a file of results; none if it isn't there."""
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def _trial(line: Mapping[str, Any]) -> Trial:
    return Trial(**{name: line[name] for name in Trial.__dataclass_fields__})
