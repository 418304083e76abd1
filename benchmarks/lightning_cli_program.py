"""A `LightningCLI` program with the same four models and datamodules, as its documentation shows one.

``python -m benchmarks.lightning_cli_program --help``; it stands beside `main.py` in `benchmarks/start_up.py`.
"""

import pytorch_lightning as pl
from pytorch_lightning.cli import LightningCLI

from app.data.image_to_text import ImageToTextDataModule
from app.data.multi_feature import MultiFeatureDataModule
from app.data.vae_gan import VaeGanDataModule
from app.data.variant import VariantDataModule
from app.models.image_to_text import ImageToText
from app.models.multi_feature import MultiFeatureClassifier
from app.models.vae_gan import VaeGan
from app.models.variant import VariantModel

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
