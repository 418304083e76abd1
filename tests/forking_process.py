"""Imports what commands import, and forks a process for each command line; a program of its own.

It computes nothing, so that what it forks begins as if it had just imported everything itself. What it forks
ends without taking apart what was imported, which would cost more than most commands.
"""

import atexit
import gc
import json
import os
import runpy
import signal
import socket
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

PROJECT = Path(__file__).parents[1]
MOST_BYTES = 1 << 17

IMPORTED = (
    *("torch", "pytorch_lightning", "torchmetrics.classification", "sklearn.datasets", "sklearn.metrics"),
    *("pyarrow.csv", "pyarrow.parquet"),
    *(
        f"nested_lightning.containers.{name}"
        for name in (
            *("image_to_text", "multi_feature", "variant", "vae_gan"),
            *("checking.model_check", "starting.resuming"),
        )
    ),
)
"""Not the commands: they look at the variables and the terminal when they are imported."""


def serve(requests: socket.socket) -> dict[str, Any]:
    """Fork for each request, until there are no more; return the request, in the process that it is for."""
    on_interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that watch
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, MOST_BYTES, 3)
        if not message:
            os._exit(0)
        if os.fork() == 0:
            requests.close()
            _watch(*descriptors)
            signal.signal(signal.SIGINT, on_interrupt)
            return dict(json.loads(message))
        for descriptor in descriptors:
            os.close(descriptor)


def _watch(answers: int, output: int, errors: int) -> None:
    """Fork once more, and tell how that ends; return in the forked process alone, its output in place."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    process = os.fork()
    if process == 0:
        os.close(answers)
        for descriptor, place in ((output, 1), (errors, 2)):
            os.dup2(descriptor, place)
            os.close(descriptor)
        return
    with socket.socket(fileno=answers) as told:
        told.send(str(process).encode())
        told.send(str(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])).encode())
    os._exit(0)


def start(*arguments: str) -> None:
    """Do what Python does with these arguments: run a file, a module behind ``-m``, or code behind ``-c``."""
    if arguments[0] == "-c":
        code, sys.argv = arguments[1], ["-c", *arguments[2:]]
        exec(code, {"__name__": "__main__"})
    elif arguments[0] == "-m":
        sys.argv = [*arguments[1:]]
        sys.path.insert(0, str(Path.cwd()))
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = [*arguments]
        sys.path.insert(0, str(Path(sys.argv[0]).resolve().parent))
        runpy.run_path(sys.argv[0], run_name="__main__")


def end(status: int) -> NoReturn:
    """Do what Python does at its end: wait for threads, call what is registered, write what is buffered."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except OSError:
        status = 120
    sys.stderr.flush()
    os._exit(status)


def check_threads() -> None:
    """Make sure that nothing runs here that a forked process would lack."""
    names = {(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()}
    others = names - {(Path("/proc/self") / "comm").read_text().strip(), "jemalloc_bg_thd"}
    assert not others, f"importing has started {others}"  # but for pyarrow's allocator, which knows of forks


def main() -> None:
    """Serve the socket whose number is the argument."""
    requests = socket.socket(fileno=int(sys.argv[1]))
    sys.path[0] = str(PROJECT)
    for name in IMPORTED:
        import_module(name)
    check_threads()
    gc.freeze()
    os.fsync = lambda fd: None  # as in the tests' own processes
    request = serve(requests)

    import numpy as np
    import torch

    np.random.seed()  # as in a fresh process; Python's own generator sees to that itself
    torch.seed()
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    if os.path.sameopenfile(1, 2):
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    if "TESTS_WITH_REPORTS" not in os.environ:
        import_module("tests.reports").leave_out_reports()
    try:
        start(*request["arguments"])
    except SystemExit as exit_:
        if not isinstance(exit_.code, int | None):
            raise  # Python says it, and ends
        end(exit_.code or 0)
    end(0)


if __name__ == "__main__":
    main()
