"""Two processes as a user starts them: by Lightning, by torchrun; and what becomes of them when one fails."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from tests.command_line import PROJECT

pytestmark = pytest.mark.slow

SETTINGS = """
model: multi-feature
trainer:
  {max_epochs: 400, accelerator: cpu, num_threads: 1, use_progress_bar: false, checkpoint_every_n_steps: 3}
multi_feature: {data: {path: shapes.csv, label: shape, batch_size: 4}}
"""
FAILING = """
import sys
sys.path.insert(0, {project!r})
from nested_lightning.commands.program import run
from tests.processes.failing_step import fail_in_second_process

fail_in_second_process()
run()
"""
TRAIN = ["train", "-c", "small.yaml"]
TOGETHER = ["--set", "trainer.devices=2", "--set", "trainer.strategy=ddp"]


@pytest.fixture
def folder(small_csv: Path, tmp_path: Path) -> Path:
    (tmp_path / "small.yaml").write_text(SETTINGS)
    (tmp_path / "failing.py").write_text(FAILING.format(project=str(PROJECT)))
    return tmp_path


def start(folder: Path, *command: str) -> subprocess.Popen[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("NESTED_LIGHTNING")}
    environ = {**own, "COLUMNS": "200", "OMP_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, *command], cwd=folder, env=environ, stdout=pipe, stderr=pipe, text=True
    )


def test_processes_that_lightning_starts_stop_together_by_a_signal(folder: Path) -> None:
    with start(folder, str(PROJECT / "main.py"), *TRAIN, *TOGETHER) as first:
        while first.poll() is None and not list(folder.glob("runs/*/checkpoints/last.ckpt")):
            time.sleep(0.05)
        first.send_signal(signal.SIGTERM)
        output, errors = first.communicate(timeout=300)

    assert first.returncode == 143, errors
    assert len(re.findall("stopped by SIGTERM", errors)) == 1
    assert "Traceback" not in errors
    assert output.startswith("Data\n")
    assert output.count("classes  ") == 1
    (run,) = (folder / "runs").iterdir()
    assert f"resume runs/{run.name}" in errors
    saved = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
    assert len(saved["callbacks"]["RandomState"]["ranks"]) == 2


def test_one_process_of_torchrun_that_fails_ends_the_other_and_says_why(folder: Path) -> None:
    arguments = ["--standalone", "--nproc-per-node=2", "failing.py", *TRAIN, "--run-dir", "run"]
    with start(folder, "-m", "torch.distributed.run", *arguments) as agent:
        _, errors = agent.communicate(timeout=300)

    assert agent.returncode == 1
    assert "error in process 1: RuntimeError: the sixth step went wrong" in errors
    saved = torch.load(folder / "run" / "checkpoints" / "last.ckpt", weights_only=True)
    assert 3 <= saved["global_step"] <= 5
