"""A trainer for one step."""

import tempfile
from pathlib import Path

from pytorch_lightning import Trainer

from nested_lightning.app.training.trainer import build_trainer


def one_step_trainer(root: Path | None = None) -> Trainer:
    """Return a trainer of one training step and one validation on the CPU, which writes nothing.

    Args:
        root: Folder for what a model writes of its own accord; None: the system's temporary folder.
    """
    return build_trainer(
        root=root or Path(tempfile.gettempdir()), max_epochs=1, max_steps=1, accelerator="cpu", devices=1
    )
