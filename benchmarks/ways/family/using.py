"""A double in a test, and a checkpoint opened later, with a family of one file."""

from functools import partial
from pathlib import Path

import nested_lightning as nl
from benchmarks.ways.double import Double
from benchmarks.ways.family.digits import digits
from benchmarks.ways.parts import Classifier


def build() -> Classifier:
    """Return the model."""
    application = nl.bootstrap({}, family=digits)
    return application.digits.model()


def build_with_double(width: int) -> Classifier:
    """Return the model with a double for `kar`."""
    application = nl.bootstrap({}, family=digits)
    with nl.overriding(application, "digits.encoders.kar", partial(Double, out_features=width)):
        return application.digits.model()


def open_checkpoint(path: Path) -> Classifier:
    """Return the model of a checkpoint."""
    return nl.from_checkpoint(path, family=digits).digits.model()
