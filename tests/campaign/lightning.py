"""The matrix of Lightning's callbacks, loggers and arguments: ``python -m tests.campaign.lightning``.

Each of them is trained with in every family and in one of a single file, once to the end and once stopped in
the middle of the second epoch and taken up again. It holds if that comes of it which docs/training.md says.
"""

import argparse
import io
import os
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from nested_lightning import UserError
from nested_lightning.app.training.runs.interruption import TrainingInterruptedError
from nested_lightning.app.training.runs.run import TrainingRun
from tests.campaign.lightning_things import TIMED, Thing, all_things
from tests.containers.five_families import FIVE, going_on, new_training
from tests.containers.shared_trainings import assert_same_checkpoints, assert_same_training


class StopInSecondEpoch(Callback):
    """Asks a training to stop before the second batch of its second epoch."""

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Ask."""
        if (trainer.current_epoch, batch_idx) == (1, 1):
            signal.raise_signal(signal.SIGTERM)


def outcome(thing: Thing, family: str, folder: Path) -> tuple[str, str]:
    """Return what comes of a training, and of one that was stopped and taken up.

    ``trained``, ``exactly`` as the whole one, with a ``difference``, ``refused`` in words, or what failed.
    """
    folder.mkdir(parents=True)
    os.chdir(folder)
    trainer = _for(family, thing.trainer)
    try:
        new_training(family, folder / "whole", trainer, thing.overrides())()
    except UserError:
        return "refused", "refused"
    except Exception as error:
        return _failure(error), ""
    try:
        return "trained", _going_on(thing, family, folder, trainer)
    except Exception as error:
        return "trained", _failure(error)


def _going_on(thing: Thing, family: str, folder: Path, trainer: Mapping[str, Any]) -> str:
    stopped = new_training(family, folder / "rest", trainer, thing.overrides())
    stopped.trainer.callbacks.insert(0, StopInSecondEpoch())  # type: ignore[attr-defined]
    if not _is_stopped(stopped):
        return "not stopped"
    going_on(folder / "rest", overrides=thing.overrides())()
    compare = assert_same_checkpoints if thing.name in TIMED else assert_same_training
    try:
        compare(folder / "rest", folder / "whole")
    except AssertionError:
        return "difference"
    return "exactly"


def _is_stopped(run: TrainingRun) -> bool:
    try:
        run()
    except TrainingInterruptedError:
        return True
    return False


def _for(family: str, trainer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with what the family logs."""
    callbacks = {name: dict(item) for name, item in trainer.get("callbacks", {}).items()}
    for item in callbacks.values():
        if family == "vae-gan" and "monitor" in item:
            item["monitor"] = "val_frechet_distance"
    validations = {"val_every_n_epochs": 1} if family == "vae-gan" else {}
    return {**validations, **trainer, "callbacks": callbacks}


def expected(thing: Thing, family: str) -> tuple[str, set[str]]:
    """Return what the page says that comes of them."""
    if thing.said.is_refused_in(family):
        return "refused", {"refused"}
    rest = {"yes": {"exactly"}, "no": {"exactly", "difference"}}
    return "trained", rest.get(thing.said.goes_on, {"not stopped"})


def holds(thing: Thing, family: str, found: tuple[str, str]) -> bool:
    """Return whether it came as the page says."""
    fresh, rest = expected(thing, family)
    return found[0] == fresh and found[1] in rest


def _failure(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def main() -> int:
    """Try what is asked for, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="a group, or the name of a thing")
    wanted = parser.parse_args().only
    warnings.simplefilter("ignore")
    outcomes: Counter[tuple[str, str]] = Counter()
    failed = 0
    for thing in all_things():
        if wanted not in ("", thing.group, thing.name):
            continue
        for family in FIVE:
            began_at_s = time.monotonic()
            silence = redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO())
            with tempfile.TemporaryDirectory() as folder, silence[0], silence[1]:
                found = outcome(thing, family, Path(folder) / "runs")
            is_right = holds(thing, family, found)
            failed += not is_right
            outcomes.update((thing.group, one) for one in found)
            mark = "" if is_right else "  <-- NOT AS THE PAGE SAYS"
            print(
                f"{thing.group} {thing.name}, {family}: {found[0]}, {found[1]}"
                f" ({time.monotonic() - began_at_s:.1f} s){mark}",
                flush=True,
            )
    for (group, one), count in sorted(outcomes.items()):
        print(f"{group}: {count} {one}")
    print(f"{failed} not as docs/training.md says")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
