"""Trains as a user does and is killed again and again; a program of its own, for `test_killing`.

It imports everything once and forks a process for each start: the import takes longer than the training.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import torch

from nested_lightning.commands import program


def start(*arguments: str) -> int:
    """Start ``python main.py`` with these arguments and return the number of its process."""
    child = os.fork()
    if child:
        return child
    output = os.open("output.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    torch.set_num_threads(1)
    sys.argv = ["main.py", *arguments]
    try:
        program.run()
    except SystemExit as end:
        os._exit(int(end.code or 0))
    finally:
        os._exit(1)


def start_or_resume(folder: str) -> int:
    """Go on with the training in a folder, or begin it where the kill came before there was one."""
    if (Path(folder) / "settings.yaml").exists():
        return start("resume", folder)
    return start("train", "-c", "small.yaml", "--run-dir", folder)


def finish(child: int) -> None:
    """Wait for the process, which must end well."""
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        sys.exit(f"exit status {status}: {Path('output.txt').read_text()[-2000:]}")


def kill_after(child: int, delay_s: float) -> bool:
    """Kill the process after a while; return whether it was still there."""
    time.sleep(delay_s)
    if os.waitpid(child, os.WNOHANG)[0]:
        return False
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def run_killed(folder: str, chance: random.Random, *, longest_s: float, max_kills: int) -> list[float]:
    """Train in ``folder`` with kills at random moments; return after how many seconds each one came."""
    kills: list[float] = []
    while len(kills) < max_kills:
        child = start_or_resume(folder)
        delay_s = chance.uniform(0, longest_s)
        if not kill_after(child, delay_s):
            return kills
        kills.append(delay_s)
    finish(start_or_resume(folder))
    return kills


def run(num_kills: int, seed: int) -> None:
    """Train once undisturbed, then in folders ``killed-0``, … until there were so many kills."""
    began_at_s = time.monotonic()
    finish(start("train", "-c", "small.yaml", "--run-dir", "undisturbed"))
    longest_s = 0.8 * (time.monotonic() - began_at_s)
    chance = random.Random(seed)
    kills: dict[str, list[float]] = {}
    while sum(map(len, kills.values())) < num_kills:
        folder = f"killed-{len(kills)}"
        left = num_kills - sum(map(len, kills.values()))
        kills[folder] = run_killed(folder, chance, longest_s=longest_s, max_kills=left)
    Path("kills.json").write_text(json.dumps(kills))


if __name__ == "__main__":
    run(int(sys.argv[1]), int(sys.argv[2]))
