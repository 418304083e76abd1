"""The program of a worker process: ``python -m nested_lightning.containers.sweeping.worker``.

With the number of its end of a pipe, or the leading process's HOST:PORT, it does one task after another. With
more arguments it is one of several processes that train a trial together; Lightning starts it so.

What takes long to import is imported once a thread watches whether the leading process is there.
"""

import gc
import os
import pickle
import sys
from dataclasses import replace
from multiprocessing.connection import Client, Connection
from pathlib import Path

from nested_lightning.app.launch import launched_rank
from nested_lightning.app.sweeping.messages import KEY, Line, Report, Task


def main() -> None:
    """Work until the leading process is gone, or join a training."""
    if launched_rank() > 0:
        _join(*sys.argv[1:])
    else:
        _work(Line(_connection(sys.argv[1])))  # before torch is imported, which takes seconds


def _connection(place: str) -> Connection:
    if place.isdigit():
        return Connection(int(place))
    host, _, port = place.rpartition(":")
    return Client((host, int(port)), authkey=bytes.fromhex(os.environ.pop(KEY)))


def _work(line: Line) -> None:
    gc.disable()  # each collection would look through all that is imported
    import torch

    from nested_lightning.app.training.runs.interruption import TrainingInterruptedError
    from nested_lightning.containers.sweeping.trial import do_task

    gc.enable()
    is_last = False
    while not is_last:
        task: Task = line.receive()
        try:
            outcome = do_task(task, lambda step, value: line.ask(Report(step=step, value=value)))
        except TrainingInterruptedError as stop:
            os._exit(stop.exit_status)  # it is saved, and there is no time to lose
        is_last = "LOCAL_RANK" in os.environ  # this process has become one of several, and stays that
        gc.collect()
        if torch.cuda.is_initialized():
            torch.cuda.empty_cache()
        line.send(replace(outcome, is_last=is_last))


def _join(what: str, families: str, folder: str) -> None:
    """Train as one more process in a run folder, which has the settings already."""
    from nested_lightning.app.sweeping.report_callback import TrialPrunedError
    from nested_lightning.containers.starting.resuming import resume_training
    from nested_lightning.containers.sweeping.trial import add_report
    from nested_lightning.settings.families import knowing

    with knowing(*pickle.loads(bytes.fromhex(families))):
        run = resume_training(Path(folder))
        run.looks_at_test = what == "test"
        add_report(run, lambda _step, _value: None)
        try:
            run()
        except TrialPrunedError:
            return


if __name__ == "__main__":
    main()
