"""Requests a second of `serve`, with and without batching, and of LitServe in front of the same predictor.

Run it from the project's folder with ``python -m benchmarks.serving``, after
``pip install -c constraints.txt -e '.[serve,benchmarks]'`` and ``apt-get install wrk``. One row of the digits
that ship is a request; servers are asked in turn, by 64 clients and by one, while the others stand still.
"""

import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.row_speed import PROJECT, shipped_rows, shown
from nested_lightning import bootstrap

NUM_CLIENTS = 64
BATCHED, ALONE = "serve", "serve, no batching"
THEIRS_ALONE = "LitServe, no batching"
TIMEOUTS_S = (0.001, 0.005, 0.02)
"""How long LitServe waits for more rows; the quickest is compared with."""

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"}
"""Of all servers: the model is small, and two threads for each of its products are slower than one."""

LUA = """
local bodies, number = {{}}, 0
for line in io.lines("{bodies}") do bodies[#bodies + 1] = line end
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
request = function()
  number = number % #bodies + 1
  return wrk.format(nil, nil, nil, bodies[number])
end
"""
_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Server:
    """A server, which stands still while others are asked: LitServe's processes are busy when idle."""

    address: str
    group: int

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let it run inside the block."""
        os.killpg(self.group, signal.SIGCONT)
        try:
            yield
        finally:
            os.killpg(self.group, signal.SIGSTOP)

    def cpu_s(self) -> dict[str, float]:
        """Return the seconds of the processor that each of its processes has taken, by its number."""
        found = {}
        for file in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # it has just ended
                fields = file.read_text().rpartition(")")[2].split()
                if int(fields[2]) == self.group:
                    found[file.parent.name] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return found


@dataclass(frozen=True)
class Load:
    """What clients saw, and what it took.

    Attributes:
        requests_per_s: Answers.
        median_ms: Until an answer came.
        cpu_ms: Of the processor for a request, in all processes of the server.
        busiest_ms: The same of the process that took most: no server answers more often on any machine.
    """

    requests_per_s: float
    median_ms: float
    cpu_ms: float
    busiest_ms: float


def main(rounds: Annotated[int, typer.Option(min=2)] = 7, seconds: int = 5) -> None:
    """Print medians of all rounds, and how many times quicker `serve` is in each."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk, which makes the load, is not installed: apt-get install wrk")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        checkpoint, script = train(folder), write_script(folder)
        servers = {
            name: stack.enter_context(serving(command, path, folder))
            for name, (command, path) in programs(checkpoint).items()
        }
        drop_slower(servers, script, seconds=2)
        many: dict[str, list[Load]] = {name: [] for name in servers}
        single: dict[str, list[Load]] = {name: [] for name in servers}
        for number in range(rounds + 1):
            for name, server in servers.items():
                with server.running():
                    found = press(server, script, NUM_CLIENTS, seconds), press(server, script, 1, seconds)
                if number:
                    many[name].append(found[0])
                    single[name].append(found[1])
                    text = (
                        f"{name}: {found[0].requests_per_s:.0f} a second, alone {found[1].median_ms:.2f} ms"
                    )
                    Console(stderr=True, soft_wrap=True).print(text)
    Console().print(tabulate(many, single))


def programs(checkpoint: Path) -> dict[str, tuple[list[str], str]]:
    """Return the command line of each server, without its port, and the path of its answers."""
    ours = (["main.py", "serve", f"m={checkpoint}", "--port"], "/models/m/predict")
    theirs = (["-m", "benchmarks.litserve_program", str(checkpoint)], "/predict")
    batching = ["--max-batch-size", str(NUM_CLIENTS), "--batch-timeout"]
    waiting = {
        f"LitServe, {1000 * timeout_s:g} ms": ([*theirs[0], *batching, str(timeout_s)], theirs[1])
        for timeout_s in TIMEOUTS_S
    }
    return {
        BATCHED: ours,
        ALONE: ([*ours[0][:-1], "--max-batch-size", "1", "--port"], ours[1]),
        THEIRS_ALONE: theirs,
        **waiting,
    }


def drop_slower(servers: dict[str, Server], script: Path, *, seconds: int) -> None:
    """Leave of LitServe's settings with batching the one that answers most requests."""
    reached = {}
    for name in servers:
        if name.endswith("ms"):
            with servers[name].running():
                reached[name] = press(servers[name], script, NUM_CLIENTS, seconds).requests_per_s
    for name in sorted(reached, key=reached.__getitem__)[:-1]:
        del servers[name]


def train(folder: Path) -> Path:
    """Return the checkpoint of an epoch of the default multi-feature."""
    settings = {"model": "multi-feature", "run_dir": str(folder / "run"), "trainer.use_progress_bar": False}
    application: Any = bootstrap({**settings, "trainer.max_epochs": 1})
    application.train()
    return folder / "run" / "checkpoints" / "best.ckpt"


def write_script(folder: Path) -> Path:
    """Return a script of wrk's that sends rows in turn."""
    bodies, script = folder / "bodies.jsonl", folder / "rows.lua"
    rows = [{name: value for name, value in row.items() if "_" in name} for row in shipped_rows(NUM_CLIENTS)]
    bodies.write_text("".join(f"{json.dumps({'rows': [row]})}\n" for row in rows))
    script.write_text(LUA.format(bodies=bodies))
    return script


@contextmanager
def serving(command: list[str], path: str, folder: Path) -> Iterator[Server]:
    """Run a server until the end of the block; it is stopped for the time being once it has answered."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    position = command.index("--port") + 1 if "--port" in command else 3
    line = [sys.executable, *command[:position], str(port), *command[position:]]
    with (folder / f"{port}.log").open("w") as log:
        process = subprocess.Popen(
            line, cwd=PROJECT, env=ENVIRONMENT, stdout=log, stderr=log, start_new_session=True
        )
    try:
        address = f"http://127.0.0.1:{port}{path}"
        body = (folder / "bodies.jsonl").read_bytes().splitlines()[0]
        with (server := Server(address, process.pid)).running():
            await_answer(address, body, process)
        yield server
    finally:
        end_group(process)


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """End a server with all of its processes, which outlive LitServe's first one."""
    for number in (signal.SIGCONT, signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(0 if number == signal.SIGCONT else 5)


def await_answer(
    address: str, body: bytes, process: "subprocess.Popen[bytes]", timeout_s: float = 120
) -> None:
    """Wait until a server answers a row.

    Raises:
        RuntimeError: It ended, or doesn't answer in time.
    """
    request = Request(address, body, {"Content-Type": "application/json"})
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s and process.poll() is None:
        try:
            with urlopen(request, timeout=10) as response:
                json.load(response)
                return
        except URLError:
            time.sleep(0.2)
    raise RuntimeError(f"{address}: no answer")


def press(server: Server, script: Path, num_clients: int, seconds: int) -> Load:
    """Have clients ask for some seconds, each the next question once it has its answer.

    Raises:
        RuntimeError: Not all were answered.
    """
    command = ["wrk", "-t1", f"-c{num_clients}", f"-d{seconds}s", "--timeout", "30s", "--latency", "-s"]
    before = server.cpu_s()
    done = subprocess.run([*command, script, server.address], capture_output=True, text=True, check=True)
    taken = {number: value - before.get(number, 0.0) for number, value in server.cpu_s().items()}
    count = re.search(r"(\d+) requests in", done.stdout)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    median = re.search(r"50%\s+([\d.]+)(us|ms|s)", done.stdout)
    if not (count and rate and median) or "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"{server.address}: {done.stdout}{done.stderr}")
    cpu_ms = [1000 * value / int(count[1]) for value in taken.values()]
    return Load(float(rate[1]), float(median[1]) * _MS[median[2]], sum(cpu_ms), max(cpu_ms))


def tabulate(many: Mapping[str, list[Load]], single: Mapping[str, list[Load]]) -> Table:
    """Return a table of medians with quartiles."""
    table = Table(
        "server",
        f"{NUM_CLIENTS} clients, requests/s",
        "serve is … times quicker",
        "CPU ms for each",
        "of the busiest process",
        "one client, ms",
        "serve / this",
    )
    for name, loads in many.items():
        rates = [load.requests_per_s for load in loads]
        gains = [own.requests_per_s / rate for own, rate in zip(many[BATCHED], rates, strict=True)]
        waits = [load.median_ms for load in single[name]]
        shares = [own.median_ms / wait for own, wait in zip(single[BATCHED], waits, strict=True)]
        spent = [[load.cpu_ms for load in loads], [load.busiest_ms for load in loads]]
        cells = (shown(each) for each in (gains, *spent, waits, shares))
        table.add_row(name, f"{statistics.median(rates):.0f}", *cells)
    return table


if __name__ == "__main__":
    typer.run(main)
