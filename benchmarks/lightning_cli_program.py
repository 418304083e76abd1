"""A `LightningCLI` program with the same four models and datamodules, as its documentation shows one.

``python -m benchmarks.lightning_cli_program --help``; it stands beside `main.py` in `benchmarks/start_up.py`.
"""

import pytorch_lightning as pl
from pytorch_lightning.cli import LightningCLI

from nested_lightning.app.image_to_text.data import ImageToTextDataModule
from nested_lightning.app.image_to_text.model import ImageToText
from nested_lightning.app.multi_feature.data import MultiFeatureDataModule
from nested_lightning.app.multi_feature.model import MultiFeatureClassifier
from nested_lightning.app.vae_gan.data import VaeGanDataModule
from nested_lightning.app.vae_gan.model import VaeGan
from nested_lightning.app.variant.data import VariantDataModule
from nested_lightning.app.variant.model import VariantModel

MODELS = (MultiFeatureClassifier, ImageToText, VaeGan, VariantModel)
DATAMODULES = (MultiFeatureDataModule, ImageToTextDataModule, VaeGanDataModule, VariantDataModule)
"""Imported, so that ``--model NAME`` and ``--data NAME`` find them."""


def main() -> None:
    """Run the command line."""
    LightningCLI(
        pl.LightningModule, pl.LightningDataModule, subclass_mode_model=True, subclass_mode_data=True
    )


if __name__ == "__main__":
    main()
