"""A double in a test, and a checkpoint opened later, with Fiddle."""

from pathlib import Path

import fiddle as fdl
import torch
from fiddle.experimental import serialization

from benchmarks.ways.double import Double
from benchmarks.ways.fiddle.experiments import base
from benchmarks.ways.parts import Classifier


def build() -> Classifier:
    """Return the model."""
    config = base.as_buildable()
    return fdl.build(config.model)


def build_with_double(width: int) -> Classifier:
    """Return the model with a double for `kar`."""
    config = base.as_buildable()
    config.model.encoders["kar"] = fdl.Config(Double, out_features=width)
    return fdl.build(config.model)


def open_checkpoint(path: Path) -> Classifier:
    """Return the model of a checkpoint."""
    return Classifier.load_from_checkpoint(path, weights_only=True)


def open_run(path: Path) -> Classifier:
    """Return the model of a checkpoint in its run's folder, where the script has written a file."""
    model = fdl.build(serialization.load_json((path.parents[1] / "experiment.json").read_text()).model)
    model.load_state_dict(torch.load(path, weights_only=True)["state_dict"])
    return model
