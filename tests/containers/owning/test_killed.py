"""A training of one's own that is killed at any step, and resumed, ends as one that wasn't.

``TEST_NUM_KILLS`` says how often.
"""

import os
import random
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from nested_lightning.app.checkpoints.checkpoint_io import read_checkpoint
from tests.command_line import Program

pytestmark = pytest.mark.slow

TRAINING = """
import os, signal, sys
from pytorch_lightning import Callback
from nested_lightning import bootstrap, resume_training
from nested_lightning.containers.owning.descriptor import family_of
from nested_lightning.settings.families import knowing
from tests.containers.owning.image_classifier import pictures

folder, step = sys.argv[1:]

class Killed(Callback):
    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if trainer.global_step == int(step):
            os.kill(os.getpid(), signal.SIGKILL)

if step == "resume":
    with knowing(family_of(pictures)):
        resume_training(folder)()
else:
    trainer = {"max_epochs": 6, "accelerator": "cpu", "use_progress_bar": False}
    settings = {"run_dir": folder, "trainer": trainer | {"checkpoint_every_n_steps": 2}}
    run = bootstrap(settings, family=pictures).pictures.training_run()
    run.trainer.callbacks.insert(0, Killed())
    run()
"""

STEPS_PER_EPOCH = 3
ENDS_OF_EPOCHS = (6, 12)
NUM_KILLS = int(os.environ.get("TEST_NUM_KILLS", "2"))
STEPS = (*random.Random(0).choices(range(1, 6 * STEPS_PER_EPOCH), k=NUM_KILLS), *ENDS_OF_EPOCHS)


def _last(folder: Path) -> dict[str, Any]:
    return read_checkpoint(folder / "checkpoints" / "last.ckpt")


def test_killed_at_any_step_and_at_ends_of_epochs(forked_code: Program, tmp_path: Path) -> None:
    assert forked_code(TRAINING, str(tmp_path / "whole"), "-1").returncode == 0
    wanted = _last(tmp_path / "whole")
    assert wanted["global_step"] == 6 * STEPS_PER_EPOCH
    for number, step in enumerate(STEPS):
        folder = tmp_path / str(number)
        killed = forked_code(TRAINING, str(folder), str(step))
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        resumed = forked_code(TRAINING, str(folder), "resume")
        assert resumed.returncode == 0, resumed.stderr
        torch.testing.assert_close(_last(folder)["state_dict"], wanted["state_dict"], rtol=0, atol=0)
        assert _last(folder)["optimizer_states"][0]["state"][0]["step"] == wanted["global_step"]
