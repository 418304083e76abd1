"""Parts of timm, the library of image models: https://github.com/huggingface/pytorch-image-models."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from torch import Tensor, nn

from nested_lightning.app.errors import UserError, did_you_mean
from nested_lightning.app.pictures.decoding import Squaring
from nested_lightning.app.pictures.preparation import PicturePreparation
from nested_lightning.app.submodules.pretrained.files import NONE, PretrainedFiles
from nested_lightning.app.submodules.pretrained.image_encoders import NUM_COLOURS, image_encoder_of
from nested_lightning.app.submodules.pretrained.libraries import library
from nested_lightning.app.submodules.pretrained.matching import load_file

_FITS = {"center": "crop", "squash": "stretch"}


def describe(*, weights: str, architecture: str | None = None) -> dict[str, Any]:
    """Return what a part is, as plain data.

    Args:
        weights: Where its weights are; ``config.json`` beside them is timm's.
        architecture: Its name in timm; None: as that file says.

    Raises:
        UserError: Neither says which architecture it is, or they differ.
    """
    files = None if weights == NONE else PretrainedFiles(weights)
    config = files.json("config.json") if files else None
    if config is None:
        if architecture is None:
            raise UserError(
                f"weights = {weights}: no config.json says of which architecture they are; put it beside"
                " them, or set architecture to its name in timm, e.g. resnet18"
                if files
                else "set weights, or architecture to the name of an untrained one in timm, e.g. resnet18"
            )
        config = {"architecture": architecture, "pretrained_cfg": _usual_config(architecture)}
    named = config.get("architecture")
    if not isinstance(named, str):
        raise UserError(
            f"weights = {weights}: its config.json is none of timm's, as it names no architecture"
        )
    if architecture not in (None, named):
        raise UserError(f"architecture = {architecture}, and {weights} is {named}: leave architecture out")
    weights_license = _prepared(config).get("license") or (files.license if files else None)
    return {
        "architecture": named,
        "config": config,
        **({"sha256": files.digest, "weights_license": weights_license} if files else {}),
    }


def preparation(*, config: Mapping[str, Any]) -> PicturePreparation:
    """Return how a part wants its pictures, as timm prepares them for evaluation.

    Raises:
        UserError: The config doesn't say it.
    """
    said = _prepared(config)
    try:
        return PicturePreparation(
            squaring=Squaring(
                size=int(said["input_size"][-1]),
                fit=_FITS[said.get("crop_mode") or "center"],  # type: ignore[arg-type]
                interpolation=said["interpolation"],
                crop_fraction=float(said["crop_pct"]),
            ),
            mean=tuple(map(float, said["mean"])),
            scale=tuple(map(float, said["std"])),
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise UserError(
            "pretrained_cfg in the part's config doesn't say how it wants pictures: input_size,"
            " interpolation, crop_pct, crop_mode (center or squash), mean and std have to be there"
            f" ({error!r})"
        ) from error


def _build(config: Mapping[str, Any]) -> tuple[nn.Module, Callable[..., str]]:
    name = str(config["architecture"])
    network: nn.Module = _timm_with(name).create_model(
        name, pretrained=False, num_classes=0, **(config.get("model_args") or {})
    )
    named = _prepared(config).get("classifier") or ()
    heads = tuple(f"{name}." for name in ([named] if isinstance(named, str) else named))
    return network, partial(load_file, heads=heads)


def _features(network: Any, x: Tensor) -> Tensor:
    features: Tensor = network.forward_features(x)
    is_last = features.ndim == 4 and str(getattr(network, "output_fmt", "")).endswith("NHWC")
    return features.permute(0, 3, 1, 2) if is_last else features


def _num_channels(config: Mapping[str, Any]) -> int:
    return int(_prepared(config).get("input_size", (NUM_COLOURS,))[0])


def _prepared(config: Mapping[str, Any]) -> dict[str, Any]:
    said = config.get("pretrained_cfg")
    return dict(said) if isinstance(said, Mapping) else {}


def _usual_config(architecture: str) -> dict[str, Any]:
    known = _timm_with(architecture).get_pretrained_cfg(architecture, allow_unregistered=True)
    plain: dict[str, Any] = json.loads(json.dumps(known.to_dict())) if known else {}
    return {name: value for name, value in plain.items() if value is not None}


def _timm_with(architecture: str) -> Any:
    """Return the library, if it has an architecture of this name."""
    timm = library("timm", extra="vision", wanted_by="kind=timm")
    if ":" in architecture or not timm.is_model(architecture):
        near = did_you_mean(architecture, timm.list_models())
        raise UserError(f"architecture = {architecture}: timm {timm.__version__} has no such model{near}")
    return timm


image_encoder = image_encoder_of(
    __name__, describe=describe, build=_build, features=_features, num_channels=_num_channels
)
