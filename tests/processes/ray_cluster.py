"""A Ray cluster of the tests' own on this machine, which touches nothing of the user's."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from tests.command_line import PROJECT

PATIENCE_S = 60


@contextmanager
def ray_variables() -> Iterator[dict[str, str]]:
    """Give variables of all that has to do with Ray: a folder, and a token that isn't the user's.

    The folder's path is short enough for the sockets that lie below it.
    """
    folder = tempfile.mkdtemp(prefix="ray")
    try:
        yield {
            "OMP_NUM_THREADS": "1",
            "RAY_TMPDIR": folder,
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": uuid4().hex,
        }
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_cluster(environ: Mapping[str, str]) -> Iterator[str]:
    """Start a cluster by ``ray start --head``, and give its address; its processes end with it."""
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--port=0"]
    options = ["--num-cpus=2", "--num-gpus=0", "--include-dashboard=false", "--disable-usage-stats"]
    own = {**os.environ, **environ, "PYTHONPATH": str(PROJECT)}
    folder = Path(environ["RAY_TMPDIR"])
    with (
        (folder / "output.txt").open("w") as output,
        subprocess.Popen([*command, *options], env=own, stdout=output, stderr=output) as head,
    ):
        try:
            yield _wait_for_address(head, folder)
        finally:
            head.terminate()


def _wait_for_address(head: subprocess.Popen[bytes], folder: Path) -> str:
    output, address = folder / "output.txt", folder / "ray" / "ray_current_cluster"
    give_up_at_s = time.monotonic() + PATIENCE_S
    while "ray stop" not in output.read_text():  # the last that it says of itself
        assert head.poll() is None, output.read_text()
        assert time.monotonic() < give_up_at_s, output.read_text()
        time.sleep(0.1)
    return address.read_text().strip()


def processes_left(environ: Mapping[str, str]) -> list[str]:
    """Return the command lines of Ray's processes that are still there, once they have had time to end."""
    mark = f"RAY_TMPDIR={environ['RAY_TMPDIR']}".encode()
    give_up_at_s = time.monotonic() + PATIENCE_S
    while (left := _marked(mark)) and time.monotonic() < give_up_at_s:
        time.sleep(0.2)
    return left


def _marked(mark: bytes) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if int(process.name) != os.getpid() and mark in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # of somebody else, or gone by now
            continue
    return found
