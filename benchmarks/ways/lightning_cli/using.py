"""A double in a test, and a checkpoint opened later, with LightningCLI."""

from pathlib import Path

from benchmarks.ways.lightning_cli.train import DigitsClassifier, DigitsCLI
from benchmarks.ways.parts import Classifier, DigitsData

CONFIG = str(Path(__file__).with_name("config.yaml"))
DOUBLE = "benchmarks.ways.double.Double"


def build() -> Classifier:
    """Return the model."""
    args = ["--config", CONFIG]
    return DigitsCLI(DigitsClassifier, DigitsData, args=args, run=False).model


def build_with_double(width: int) -> Classifier:
    """Return the model with a double for `kar`."""
    args = ["--config", CONFIG]
    args += [f"--model.encoders.kar={DOUBLE}", f"--model.encoders.kar.out_features={width}"]
    return DigitsCLI(DigitsClassifier, DigitsData, args=args, run=False).model


def open_checkpoint(path: Path) -> Classifier:
    """Return the model of a checkpoint."""
    return DigitsClassifier.load_from_checkpoint(path, weights_only=True)
