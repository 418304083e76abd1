"""Workers of a sweep as tasks on a Ray cluster; they report to the one leading process over the network."""

import os
import pickle
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from pathlib import Path
from typing import Any

from typing_extensions import override

from nested_lightning.app.errors import UserError
from nested_lightning.app.extras import require_ray
from nested_lightning.app.sweeping.messages import KEY
from nested_lightning.app.sweeping.worker_process import WorkerProcess, exit_words, started
from nested_lightning.app.training.ray.cluster import connected, find_cluster

_START_S = 120.0
"""For the cluster to have room for a worker, and to start it."""
_LOOK_S = 0.25


class RayWorker(WorkerProcess):
    """A worker that is a task of Ray: a process of its own there, which ends with its line to this one.

    Args:
        connection: To the worker.
        ended: Ray's reference to the status with which it ends.
    """

    def __init__(self, *, connection: Connection, ended: Any) -> None:
        self.connection, self._ended = connection, ended
        self.task = None

    @override
    def end(self, *, patience_s: float) -> str:
        """Wait for its end, and force it after that time; return how it ended, in words."""
        import ray

        until = time.monotonic() + patience_s
        with suppress(EOFError, OSError, pickle.UnpicklingError):
            while self.connection.poll(max(0.0, until - time.monotonic())):
                self.connection.recv_bytes()  # nobody waits for it any more
        self.connection.close()
        try:
            return exit_words(ray.get(self._ended, timeout=1.0))
        except ray.exceptions.RayError as error:
            return f"its end on the cluster: {type(error).__name__}"


@contextmanager
def ray_workers(
    *, program: Sequence[str], jobs: int, address: str | None, log: Callable[[int], Path]
) -> Iterator[Callable[[int], RayWorker]]:
    """Give what starts the worker of a number; cluster and workers end with the block.

    Args:
        program: What a worker is; the place that it reports to is added.
        jobs: How many there are at a time; each has its share of the cores, and a GPU where there are any.
        address: Of a running cluster, see `find_cluster`; None: workers on this machine.
        log: Returns the file that takes what a worker prints, by its number.

    Raises:
        UserError: Ray or the cluster isn't there, or has no room.
    """
    require_ray()
    cluster = find_cluster(address)
    with connected(cluster, num_cpus=jobs):
        import ray

        host = "127.0.0.1" if cluster is None else ray.util.get_node_ip_address()
        with socket.create_server((host, 0)) as server:
            server.settimeout(_LOOK_S)
            yield lambda index: _start(server, program, _share(jobs), log(index))


def _share(jobs: int) -> dict[str, float]:
    import ray

    has = ray.cluster_resources()
    cores = has.get("CPU", 1) / jobs
    return {"num_cpus": int(cores) if cores >= 1 else cores, "num_gpus": float(has.get("GPU", 0) > 0)}


def _start(server: socket.socket, program: Sequence[str], share: Mapping[str, float], log: Path) -> RayWorker:
    import ray

    host, port = server.getsockname()
    key = secrets.token_bytes(32)
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), KEY: key.hex()}
    task = ray.remote(max_retries=0, **share)(_run)
    ended = task.remote([*program, f"{host}:{port}"], environment, Path.cwd(), log)
    return RayWorker(connection=_accept(server, key, ended), ended=ended)


def _run(program: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path) -> int:
    """Be the task: a process in a session of its own, all of which it ends with itself."""
    process = started(program, environment, log, cwd=folder)
    try:
        return process.wait()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _accept(server: socket.socket, key: bytes, ended: Any) -> Connection:
    import ray

    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        if ray.wait([ended], timeout=0)[0]:
            raise UserError(f"a worker on the Ray cluster ended before it began: {ray.get(ended)}")
        with suppress(TimeoutError):
            connection = Connection(server.accept()[0].detach())
            deliver_challenge(connection, key)
            answer_challenge(connection, key)
            return connection
    raise UserError(f"the Ray cluster had no room for a worker within {_START_S:.0f} s: fewer --jobs")
