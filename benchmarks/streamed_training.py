"""One training of `benchmarks.streaming`, in a process of its own, whose peak memory is its own too."""

import contextlib
import io
import json
import resource
import time
import warnings
from pathlib import Path

import typer

from benchmarks.epoch_clock import EpochClock
from nested_lightning import bootstrap, family_container, load_settings


def main(path: Path, storage: str, batch_size: int, num_epochs: int, folder: Path) -> None:
    """Train the plain model on one thread; print seconds and peak memory as JSON."""
    warnings.simplefilter("ignore")
    settings = load_settings(
        model="multi-feature",
        presets=["plain"],
        assignments=[
            {"run_dir": str(folder / "run")},
            {"trainer": {"max_epochs": num_epochs, "accelerator": "cpu", "num_threads": 1}},
            {"multi_feature": {"data": {"path": str(path), "label": "class", "batch_size": batch_size}}},
            {"multi_feature": {"data": {"storage": {"kind": storage}}}},
        ],
    )
    family = family_container(bootstrap(settings))
    warm_up = family_container(bootstrap({"model": "multi-feature"}))
    warm_up.model()  # what the libraries alone take
    figures = {"base_mib": _peak_mib()}
    began_at_s = time.perf_counter()
    family.datamodule().setup()
    figures["prepare_s"] = time.perf_counter() - began_at_s
    clock = EpochClock()
    run = family.training_run()
    run.trainer.callbacks.insert(0, clock)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        run()
    typer.echo(json.dumps({**figures, "epoch_s": clock.median_epoch_s, "peak_mib": _peak_mib()}))


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    typer.run(main)
