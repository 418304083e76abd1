"""What is trained with Fiddle."""

from dataclasses import dataclass

import fiddle as fdl
import pytorch_lightning as pl
from fiddle.experimental.auto_config import auto_config
from pytorch_lightning.callbacks import ModelCheckpoint

from benchmarks.ways.parts import (
    NUM_CLASSES,
    WIDTHS,
    Classifier,
    Concatenation,
    DigitsData,
    Head,
    LinearEncoder,
    MlpEncoder,
)


@dataclass
class Experiment:
    """What one training needs."""

    data: pl.LightningDataModule
    model: pl.LightningModule
    trainer: pl.Trainer
    ckpt_path: str | None = None

    def run(self) -> None:
        """Train, or go on from a checkpoint."""
        self.trainer.fit(self.model, datamodule=self.data, ckpt_path=self.ckpt_path)


@auto_config(experimental_allow_control_flow=True)  # type: ignore[untyped-decorator]
def base(out_features: int = 16) -> Experiment:
    """Tell digits by groups of features."""
    model = Classifier(
        {group: MlpEncoder(width, out_features=out_features) for group, width in WIDTHS.items()},
        combiner=Concatenation([out_features] * len(WIDTHS)),
        head=Head(out_features * len(WIDTHS), NUM_CLASSES),
    )
    saving = ModelCheckpoint(dirpath="checkpoints", save_last=True, every_n_train_steps=5)
    trainer = pl.Trainer(max_epochs=20, accelerator="cpu", deterministic=True, callbacks=[saving])
    return Experiment(data=DigitsData(), model=model, trainer=trainer)


def linear(experiment: fdl.Config[Experiment], group: str) -> None:
    """Give a group the linear encoder: ``--experiment='fiddler:linear("mor")'``."""
    experiment.model.encoders[group] = fdl.Config(LinearEncoder, WIDTHS[group])
