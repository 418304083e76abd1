"""The losses of the first steps of a training, in full precision."""

from pathlib import Path
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from typing_extensions import override

from nested_lightning import family_container
from tests.frozen.metrics import Row, read_metrics
from tests.frozen.set_ups import SetUp

NUM_STEPS = 20

SET_UPS = {
    "multi-feature": SetUp(family="multi-feature"),
    "multi-feature-stacked": SetUp(
        family="multi-feature", assignments=["multi_feature.min_stacked_extractors=2"]
    ),
    "image-to-text": SetUp(family="image-to-text"),
    "variant": SetUp(family="variant"),
    "vae-gan": SetUp(family="vae-gan"),
}
"""Trainings on one thread of the CPU in ``32-true``; an epoch of vae-gan is one step, so all losses show."""

_NO_LOSSES = ("accuracy", "macro_f1", "num_samples", "weight")


class LossCollector(Callback):
    """Keeps the loss of each step."""

    def __init__(self) -> None:
        self.losses: list[float] = []

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self.losses.append(float(outputs["loss"]))


def record_losses(set_up: SetUp, run_dir: Path) -> dict[str, Any]:
    """Train `NUM_STEPS` steps, and return the loss of each of them, and all losses of each epoch.

    Args:
        set_up: A small one; the current folder is its own.
        run_dir: Where the training writes.
    """
    limits = (f"trainer.max_steps={NUM_STEPS}", "trainer.max_epochs=1000", f"run_dir={run_dir}")
    run = family_container(set_up.application(*limits)).training_run()
    collector = LossCollector()
    run.trainer.callbacks.append(collector)
    run()
    return {"steps": collector.losses, "epochs": [_losses_of(row) for row in read_metrics(run_dir)]}


def _losses_of(row: Row) -> Row:
    return {
        name: value
        for name, value in row.items()
        if name.startswith("train_") and not name.endswith(_NO_LOSSES)
    }
