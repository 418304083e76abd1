"""``resume``, and what ends a training before its time, as a user meets them."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.command_line import PROJECT, Program

pytestmark = pytest.mark.slow

SETTINGS = """
model: multi-feature
trainer:
  {max_epochs: 600, accelerator: cpu, num_threads: 1, use_progress_bar: false, checkpoint_every_n_steps: 20}
multi_feature: {data: {path: shapes.csv, label: shape, batch_size: 8}}
"""
MAIN = [sys.executable, str(PROJECT / "main.py")]
SIGNALLED = """
import os, runpy, signal, sys, threading, time
from pathlib import Path

number, last = int(sys.argv[1]), Path("run/checkpoints/last.ckpt")
before = last.stat().st_mtime_ns

def send():
    while last.stat().st_mtime_ns == before:
        time.sleep(0.02)
    os.kill(os.getpid(), number)

signal.signal(signal.SIGINT, signal.default_int_handler)  # what is started in the background ignores both
signal.signal(signal.SIGHUP, signal.SIG_DFL)
threading.Thread(target=send).start()
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""The program, which gets a signal when it has saved a checkpoint."""
FULL_DISK = """
import resource, runpy, sys

resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture
def folder(small_csv: Path, tmp_path: Path) -> Path:
    (tmp_path / "small.yaml").write_text(SETTINGS)
    return tmp_path


def stopped_at_first_checkpoint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Start the program, send it SIGTERM when it has saved a checkpoint, and wait for its end."""
    last = folder / "run" / "checkpoints" / "last.ckpt"
    pipe = subprocess.PIPE
    with subprocess.Popen([*MAIN, *arguments], cwd=folder, stdout=pipe, stderr=pipe, text=True) as process:
        while process.poll() is None and not last.exists():
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=60)
    return subprocess.CompletedProcess(arguments, process.returncode, output, errors)


def test_a_training_is_stopped_by_signals_and_goes_on(
    folder: Path, program: Program, forked_code: Program
) -> None:
    resume = (MAIN[-1], "resume", "run")
    stopped = stopped_at_first_checkpoint(folder, "train", "-c", "small.yaml", "--run-dir", "run")
    assert stopped.returncode == 143, stopped.stderr
    assert "stopped by SIGTERM. Go on with:" in stopped.stderr
    assert "main.py resume run" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    rows = (folder / "run" / "metrics.csv").read_text().count("\n")

    again = forked_code(SIGNALLED, str(int(signal.SIGINT)), *resume)
    assert again.returncode == 130, again.stderr
    assert "stopped by SIGINT" in again.stderr
    assert (folder / "run" / "metrics.csv").read_text().count("\n") > rows

    hung_up = forked_code(SIGNALLED, str(int(signal.SIGHUP)), *resume)
    assert hung_up.returncode == 129, hung_up.stderr
    assert "stopped by SIGHUP" in hung_up.stderr

    settings = folder / "run" / "settings.yaml"
    settings.write_text(settings.read_text().replace("max_epochs: 600", "max_epochs: 1"))
    over = program("resume", "run")
    assert over.returncode == 2
    assert "trainer.max_epochs = 1" in over.stderr


def test_a_full_disk_is_said_in_words(folder: Path, forked_code: Program) -> None:
    done = forked_code(FULL_DISK, MAIN[-1], "train", "-c", "small.yaml", "--run-dir", "run")

    assert done.returncode == 2, done.stderr
    assert "can't be written: the disk or the quota is full" in done.stderr
    assert not list((folder / "run" / "checkpoints").iterdir())
