"""A double in a test, and a checkpoint opened later, with plain Lightning."""

from pathlib import Path

from benchmarks.ways.double import Double
from benchmarks.ways.parts import Classifier
from benchmarks.ways.plain.model import DigitsClassifier


def build() -> Classifier:
    """Return the model."""
    model = DigitsClassifier()
    return model  # noqa: RET504


def build_with_double(width: int) -> Classifier:
    """Return the model with a double for `kar`."""
    model = DigitsClassifier()
    model.encoders["kar"] = Double(out_features=width)
    return model


def open_checkpoint(path: Path) -> Classifier:
    """Return the model of a checkpoint."""
    return DigitsClassifier.load_from_checkpoint(path, weights_only=True)
