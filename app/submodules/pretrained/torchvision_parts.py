"""Parts of torchvision, the library of PyTorch: https://github.com/pytorch/vision."""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import takewhile
from typing import Any

from torch import Tensor, nn

from nested_lightning.app.errors import UserError, did_you_mean
from nested_lightning.app.pictures.decoding import Squaring
from nested_lightning.app.pictures.preparation import PicturePreparation
from nested_lightning.app.submodules.pretrained.files import NONE, PretrainedFiles
from nested_lightning.app.submodules.pretrained.image_encoders import image_encoder_of
from nested_lightning.app.submodules.pretrained.libraries import library
from nested_lightning.app.submodules.pretrained.matching import load_file

_BODIES = ("features", "layer4")
"""One of them is in each network that reads a picture part after part, as most with convolutions do."""
_ENDS = ("avgpool", "classifier", "fc", "head")
"""Parts with which the grid of features is no more."""
_HEADS = ("fc.", "classifier.", "heads.", "head.", "AuxLogits.", "aux1.", "aux2.")


def describe(*, weights: str, architecture: str | None = None) -> dict[str, Any]:
    """Return what a part is, as plain data: its name, and how the library prepares its pictures.

    Args:
        weights: A file, or a folder with one.
        architecture: Its name in torchvision, e.g. ``resnet18``.

    Raises:
        UserError: No name is given, or torchvision doesn't know it.
    """
    if architecture is None:
        raise UserError(f"weights = {weights}: set architecture to its name in torchvision, e.g. resnet18")
    models = _models(architecture)
    usual = models.get_model_weights(architecture).DEFAULT
    prepared = usual.transforms()
    files = None if weights == NONE else PretrainedFiles(weights)
    return {
        "config": {
            "architecture": architecture,
            "size": int(prepared.crop_size[0]),
            "resized": int(prepared.resize_size[0]),
            "interpolation": prepared.interpolation.value,
            "mean": [float(value) for value in prepared.mean],
            "scale": [float(value) for value in prepared.std],
        },
        **({"sha256": files.digest, "weights_license": files.license} if files else {}),
    }


def preparation(*, config: Mapping[str, Any]) -> PicturePreparation:
    """Return how a part wants its pictures, as torchvision prepares them for evaluation."""
    size = int(config["size"])
    return PicturePreparation(
        squaring=Squaring(
            size=size,
            fit="crop",
            interpolation=config["interpolation"],
            crop_fraction=size / int(config["resized"]),
        ),
        mean=tuple(config["mean"]),
        scale=tuple(config["scale"]),
    )


def _build(config: Mapping[str, Any]) -> tuple[nn.Module, Callable[..., str]]:
    """Return a network's parts up to what pools its grid, in their order, and what loads their weights."""
    architecture = str(config["architecture"])
    network = _models(architecture).get_model(architecture, weights=None)
    if not any(isinstance(getattr(network, name, None), nn.Module) for name in _BODIES):
        raise UserError(
            f"architecture = {architecture}: torchvision's network of this name has no grid of features to"
            " give; take one with convolutions, or one of kind=timm"
        )
    parts = takewhile(lambda part: part[0] not in _ENDS, network.named_children())
    return nn.ModuleDict(dict(parts)), partial(load_file, heads=_HEADS)


def _features(network: Any, x: Tensor) -> Tensor:
    for part in network.values():
        x = part(x)
    return x


def _models(architecture: str) -> Any:
    models = library("torchvision.models", extra="vision", wanted_by="kind=torchvision")
    known = models.list_models(module=models)
    if architecture not in known:
        near = did_you_mean(architecture, known)
        raise UserError(f"architecture = {architecture}: torchvision has no such model of pictures{near}")
    return models


image_encoder = image_encoder_of(__name__, describe=describe, build=_build, features=_features)
