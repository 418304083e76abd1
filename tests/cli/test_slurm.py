"""A SLURM job whose end is announced goes back into the queue, and on from where it was."""

import os
import signal
from pathlib import Path

import pytest
import torch

from nested_lightning import bootstrap, family_container, load_settings
from nested_lightning.app.training.runs.run_folder import RunFolder
from tests.cli.signalled import SIGNALLED
from tests.command_line import MAIN, Program

pytestmark = pytest.mark.slow

SETTINGS = """
model: multi-feature
trainer:
  {max_epochs: 15, accelerator: cpu, num_threads: 1, use_progress_bar: false, checkpoint_every_n_steps: 5}
multi_feature: {data: {path: shapes.csv, label: shape, batch_size: 8}}
"""
JOB = {"NTASKS": "1", "JOB_NAME": "training", "JOB_ID": "4711", "PROCID": "0", "LOCALID": "0", "NODEID": "0"}


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return the variables of a SLURM job, with a ``scontrol`` that writes down what it is asked for."""
    control = folder / "bin" / "scontrol"
    control.parent.mkdir(exist_ok=True)
    control.write_text(f'#!/bin/sh\necho "$@" >> {folder}/scontrol.txt\n')
    control.chmod(0o755)
    variables = {f"SLURM_{name}": value for name, value in {**JOB, "NODELIST": "here", **more}.items()}
    return {**os.environ, **variables, "PATH": f"{control.parent}:{os.environ['PATH']}", "COLUMNS": "200"}


TRAIN = ("train", "-c", "small.yaml", "--run-dir", "run")


def test_a_job_that_is_to_end_is_saved_put_back_and_goes_on_exactly(
    program: Program, forked_code: Program, small_csv: Path, tmp_path: Path
) -> None:
    (tmp_path / "small.yaml").write_text(SETTINGS)
    run = RunFolder(tmp_path / "run")
    signals = f"{signal.SIGUSR1:d},{signal.SIGTERM:d}"  # as SLURM sends them to a job that it puts back
    last = "run/checkpoints/last.ckpt"
    job = forked_code(SIGNALLED, signals, last, str(MAIN), *TRAIN, environ=environment(tmp_path))
    assert job.returncode == 128 + signal.SIGUSR1, job.stderr
    assert "stopped by SIGUSR1" in job.stderr
    assert (tmp_path / "scontrol.txt").read_text() == "requeue 4711\n"
    assert torch.load(run.last_checkpoint, weights_only=True)["global_step"] < 15 * 7

    again = program(*TRAIN, environ=environment(tmp_path, RESTART_COUNT="1"))
    assert again.returncode == 0, again.stderr

    undisturbed = tmp_path / "undisturbed"
    settings = load_settings(config=tmp_path / "small.yaml").to_plain() | {"run_dir": str(undisturbed)}
    settings["multi_feature"]["data"]["path"] = str(small_csv)
    family_container(bootstrap(settings)).training_run()()
    states = [
        torch.load(folder.last_checkpoint, weights_only=True)["state_dict"]
        for folder in (run, RunFolder(undisturbed))
    ]
    torch.testing.assert_close(*states, rtol=0, atol=0)
    assert run.metrics_file.read_text() == RunFolder(undisturbed).metrics_file.read_text()
