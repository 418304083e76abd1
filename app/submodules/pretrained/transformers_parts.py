"""Parts of transformers, the library of Hugging Face: https://github.com/huggingface/transformers."""

from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from nested_lightning.app.errors import UserError
from nested_lightning.app.foreign_files import foreign_file
from nested_lightning.app.pictures.decoding import Interpolation, Squaring
from nested_lightning.app.pictures.preparation import PicturePreparation
from nested_lightning.app.submodules.pretrained.files import NONE, PretrainedFiles
from nested_lightning.app.submodules.pretrained.image_encoders import NUM_COLOURS, image_encoder_of
from nested_lightning.app.submodules.pretrained.libraries import library
from nested_lightning.app.submodules.pretrained.matching import load_whole, without_adapters

PREPROCESSOR = "preprocessor_config.json"
_RESAMPLING: tuple[Interpolation, ...] = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")
"""By the numbers that Pillow gives them, which stand in a config."""
_FILE = "model.safetensors"
_LARGE = 384
"""Pixels to a side from which on ConvNeXt's pictures aren't cut."""


def describe(*, weights: str) -> dict[str, Any]:
    """Return what a part is, as plain data: its ``config.json``, and that of its pictures within it.

    Raises:
        UserError: ``weights`` is no folder as ``save_pretrained`` writes it, or needs code of its own.
    """
    if weights == NONE:
        raise UserError(
            "set weights to a folder as save_pretrained writes it; or, for an untrained model, config to what"
            " config.json in one would hold, e.g. {model_type: …}"
        )
    files = PretrainedFiles(weights)
    config = files.json("config.json")
    if config is None or "model_type" not in config:
        raise UserError(
            f"weights = {weights}: there is no config.json of transformers, which says by model_type what"
            " they are; name a folder as save_pretrained writes it"
        )
    _refuse_code(config)
    pictures = files.json(PREPROCESSOR)
    return {
        "config": {**config, **({PREPROCESSOR: pictures} if pictures else {})},
        "sha256": files.digest,
        "weights_license": files.license,
    }


def preparation(*, config: Mapping[str, Any]) -> PicturePreparation:
    """Return how a part wants its pictures.

    Raises:
        UserError: Its folder doesn't say it.
    """
    said = config.get(PREPROCESSOR)
    if not isinstance(said, Mapping):
        raise UserError(f"no {PREPROCESSOR} says how the part wants its pictures; put it beside config.json")
    try:
        are_normalized = said.get("do_normalize", True)
        return PicturePreparation(
            squaring=_squaring(said),
            mean=tuple(map(float, said["image_mean"] if are_normalized else [0] * NUM_COLOURS)),
            scale=tuple(map(float, said["image_std"] if are_normalized else [1] * NUM_COLOURS)),
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise UserError(
            f"{PREPROCESSOR} of the part isn't understood: size, crop_size, resample, image_mean and"
            f" image_std have to be there, and pictures square ({error!r})"
        ) from error


def build_network(config: Mapping[str, Any]) -> nn.Module:
    """Return the model of a config, with initial weights and without a pooling that isn't used.

    Raises:
        UserError: transformers isn't there, or doesn't know the model.
    """
    known = known_config(config)
    with foreign_file("config.json"):
        try:
            network: nn.Module = transformers().AutoModel.from_config(known, add_pooling_layer=False)
        except TypeError:  # it has none
            network = transformers().AutoModel.from_config(known)
    return network.train()


def known_config(config: Mapping[str, Any]) -> Any:
    """Return a config as the library has it, of a model in float32.

    Raises:
        UserError: transformers isn't there, doesn't know the model, or the config needs code of its own.
    """
    _refuse_code(config)
    values = {name: value for name, value in config.items() if name not in (PREPROCESSOR, "model_type")}
    with foreign_file("config.json"):
        try:
            known = transformers().AutoConfig.for_model(str(config.get("model_type")), **values)
        except ValueError as error:
            raise UserError(
                f"transformers {transformers().__version__} doesn't know model_type"
                f" {config.get('model_type')!r}, which transformers"
                f" {config.get('transformers_version', 'of another version')} wrote"
            ) from error
        known.dtype = torch.float32
    return known


def load_network(network: Any, *, weights: str, sha256: str | None, new: Container[str] = ()) -> str:
    """Load the weights of a model by the library's own reading, and say what was taken.

    Tensors of the names ``new`` may be missing there, and then stay as they are.

    Raises:
        UserError: They aren't there, aren't whole, or are of another model.
    """
    files = PretrainedFiles(weights)
    files.refuse_others(sha256)
    first = files.weights[0]
    if files.place.is_file() and first.name != _FILE:
        raise UserError(f"weights = {weights}: transformers reads {_FILE} alone; name the folder that has it")
    without_pooling = {"add_pooling_layer": False} if getattr(network, "pooler", network) is None else {}
    with foreign_file(weights), _silence():
        loaded, report = type(network).from_pretrained(
            first.parent,
            config=network.config,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            dtype=torch.float32,
            output_loading_info=True,
            **without_pooling,
        )
    own = {name.partition(".")[0] for name in network.state_dict()}
    begins = getattr(network, "base_model_prefix", "")
    bodies = (*(f"{name}." for name in own), *((f"{begins}.",) if begins else ()))
    left = sorted(map(str, report["unexpected_keys"]))
    missing = sorted(map(str, report["missing_keys"]))
    given = loaded.state_dict()
    wanted = without_adapters(network.state_dict())
    return load_whole(
        network,
        {name: given[name] for name in wanted if name not in missing},
        missing=[name for name in missing if name not in new],
        misshapen=[str(key[0] if isinstance(key, tuple) else key) for key in report["mismatched_keys"]],
        unexpected=[name for name in left if name.startswith(bodies) and ".pooler." not in f".{name}"],
        left=left,
        new=missing,
        source=weights,
    )


@contextmanager
def _silence() -> Iterator[None]:
    """Keep transformers from reporting in its own words what `load_network` reports."""
    logs = transformers().logging
    before = logs.get_verbosity()
    logs.set_verbosity_error()
    logs.disable_progress_bar()
    try:
        yield
    finally:
        logs.set_verbosity(before)
        logs.enable_progress_bar()


def _features(network: Any, x: Tensor) -> Tensor:
    features: Tensor = network(pixel_values=x).last_hidden_state
    return features


def _build(config: Mapping[str, Any]) -> tuple[nn.Module, Callable[..., str]]:
    return build_network(config), load_network


def _num_channels(config: Mapping[str, Any]) -> int:
    channels: int = config.get("num_channels", NUM_COLOURS)
    return channels


def _squaring(said: Mapping[str, Any]) -> Squaring:
    size, crop = said["size"], said.get("crop_size")
    interpolation = _RESAMPLING[int(said["resample"])]
    edge = size.get("shortest_edge") if isinstance(size, Mapping) else size if crop is not None else None
    if edge is not None and said.get("crop_pct") is not None and int(edge) < _LARGE:  # of ConvNeXt
        cut, fraction = int(edge), float(said["crop_pct"])
    elif edge is not None and said.get("do_center_crop", crop is not None):
        cut, fraction = _side(crop), _side(crop) / int(edge)
    else:
        side = int(edge) if edge is not None else _side(size)
        return Squaring(size=side, fit="stretch", interpolation=interpolation)
    return Squaring(size=cut, fit="crop", interpolation=interpolation, crop_fraction=fraction)


def _side(size: Any) -> int:
    if not isinstance(size, Mapping):
        return int(size)
    height, width = int(size["height"]), int(size["width"])
    if height != width:
        raise ValueError(f"{height} x {width}")
    return height


def _refuse_code(config: Mapping[str, Any]) -> None:
    if "auto_map" in config:
        raise UserError(
            "config.json names code of the part's own (auto_map), which is never run; take a model that"
            " transformers has itself"
        )


def transformers() -> Any:
    """Return the library."""
    return library("transformers", extra="pretrained", wanted_by="kind=transformers")


image_encoder = image_encoder_of(
    __name__, describe=describe, build=_build, features=_features, num_channels=_num_channels
)
