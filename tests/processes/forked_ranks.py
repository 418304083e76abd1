"""Processes that train together, forked from one that has imported everything: the import takes longer."""

import os
import sys
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from torch.distributed import TCPStore  # type: ignore[attr-defined]


def run_ranks(work: Callable[[], None], num_processes: int, output: Path) -> None:
    """Run ``work`` in processes that find one another as those of ``torchrun`` do; all must end well.

    Args:
        work: Called in each process.
        num_processes: 1 stands for a process that trains alone.
        output: Receives what they print.
    """
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    children = [
        _fork(work, {} if num_processes == 1 else _variables(rank, num_processes, store.port), output)
        for rank in range(num_processes)
    ]
    statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    if any(statuses):
        sys.exit(output.read_text()[-5000:])


def _variables(rank: int, num_processes: int, port: int) -> dict[str, str]:
    values = {
        "RANK": rank,
        "LOCAL_RANK": rank,
        "GROUP_RANK": 0,
        "WORLD_SIZE": num_processes,
        "LOCAL_WORLD_SIZE": num_processes,
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": port,
        "TORCHELASTIC_RUN_ID": "test",
        "TORCHELASTIC_USE_AGENT_STORE": "True",
        "TORCHELASTIC_RESTART_COUNT": 0,
    }
    return {name: str(value) for name, value in values.items()}


def _fork(work: Callable[[], None], variables: dict[str, str], output: Path) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.environ.update(variables)
        with output.open("a") as file, redirect_stdout(file), redirect_stderr(file):
            try:
                work()
                status = 0
            except BaseException:
                traceback.print_exc()
    finally:
        os._exit(status)
