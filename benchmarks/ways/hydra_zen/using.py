"""A double in a test, and a checkpoint opened later, with Hydra and hydra-zen."""

from pathlib import Path

import torch
from hydra import compose, initialize
from hydra_zen import builds, instantiate, store
from omegaconf import OmegaConf

from benchmarks.ways.double import Double
from benchmarks.ways.hydra_zen import train  # noqa: F401, what it stores
from benchmarks.ways.parts import Classifier

store.add_to_hydra_store()
initialize(config_path=None, version_base="1.3")


def build() -> Classifier:
    """Return the model."""
    config = compose("train")
    return instantiate(config.model)


def build_with_double(width: int) -> Classifier:
    """Return the model with a double for `kar`."""
    config = compose("train")
    config.model.encoders.kar = builds(Double, out_features=width)
    return instantiate(config.model)


def open_checkpoint(path: Path) -> Classifier:
    """Return the model of a checkpoint."""
    return Classifier.load_from_checkpoint(path, weights_only=True)


def open_run(path: Path) -> Classifier:
    """Return the model of a checkpoint in its run's folder, where Hydra has written a file."""
    model = instantiate(OmegaConf.load(path.parents[1] / ".hydra" / "config.yaml").model)
    model.load_state_dict(torch.load(path, weights_only=True)["state_dict"])
    return model
