"""``resume``, and what ends a training before its time, as a user meets them."""

import os
import resource
import signal
import subprocess
import sys
import time
from functools import partial
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


@pytest.fixture
def folder(small_csv: Path, tmp_path: Path) -> Path:
    (tmp_path / "small.yaml").write_text(SETTINGS)
    return tmp_path


def signalled(folder: Path, number: signal.Signals, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Start the program, send it a signal when it has saved a checkpoint, and wait for its end."""
    last = folder / "run" / "checkpoints" / "last.ckpt"
    before = last.stat().st_mtime_ns if last.exists() else 0
    pipe = subprocess.PIPE
    heard = partial(signal.signal, number, signal.SIG_DFL)
    with subprocess.Popen(  # what is started by nohup ignores SIGHUP, and so does what it starts
        [*MAIN, *arguments], cwd=folder, stdout=pipe, stderr=pipe, text=True, preexec_fn=heard
    ) as process:
        for _ in range(600):
            if process.poll() is not None or (last.exists() and last.stat().st_mtime_ns != before):
                break
            time.sleep(0.05)
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    return subprocess.CompletedProcess(arguments, process.returncode, output, errors)


def test_a_training_is_stopped_by_signals_and_goes_on(folder: Path, program: Program) -> None:
    stopped = signalled(folder, signal.SIGTERM, "train", "-c", "small.yaml", "--run-dir", "run")
    assert stopped.returncode == 143, stopped.stderr
    assert "stopped by SIGTERM. Go on with:" in stopped.stderr
    assert "main.py resume run" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    rows = (folder / "run" / "metrics.csv").read_text().count("\n")

    again = signalled(folder, signal.SIGINT, "resume", "run")
    assert again.returncode == 130, again.stderr
    assert "stopped by SIGINT" in again.stderr
    assert (folder / "run" / "metrics.csv").read_text().count("\n") > rows

    hung_up = signalled(folder, signal.SIGHUP, "resume", "run")
    assert hung_up.returncode == 129, hung_up.stderr
    assert "stopped by SIGHUP" in hung_up.stderr

    settings = folder / "run" / "settings.yaml"
    settings.write_text(settings.read_text().replace("max_epochs: 600", "max_epochs: 1"))
    over = program("resume", "run")
    assert over.returncode == 2
    assert "trainer.max_epochs = 1" in over.stderr


def test_a_full_disk_is_said_in_words(folder: Path) -> None:
    done = subprocess.run(
        [*MAIN, "train", "-c", "small.yaml", "--run-dir", "run"],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000)),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2, done.stderr
    assert "can't be written: the disk or the quota is full" in done.stderr
    assert not list((folder / "run" / "checkpoints").iterdir())
