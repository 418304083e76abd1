"""Image encoders of timm and torchvision: the same numbers as the libraries' own.

They run in the second environment (`.ci/newest`): torchvision can't be imported beside the CPU build of torch
that the constraints pin.
"""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from nested_lightning.app.errors import UserError
from nested_lightning.app.pictures.decoding import decode_picture
from nested_lightning.app.pictures.preparation import PicturePreparation
from nested_lightning.app.submodules.normalization import PictureNormalization
from nested_lightning.app.submodules.pretrained import timm_parts, torchvision_parts
from nested_lightning.app.submodules.pretrained.image_encoders import PretrainedImageEncoder

REASON = "the extra vision is not installed beside a torch that torchvision goes with"
timm: Any = pytest.importorskip("timm", reason=REASON, exc_type=ImportError)
torchvision: Any = pytest.importorskip("torchvision", reason=REASON, exc_type=ImportError)

CFG = {
    "input_size": [3, 32, 32],
    "interpolation": "bicubic",
    "crop_pct": 0.8,
    "crop_mode": "center",
    "mean": [0.5, 0.4, 0.3],
    "std": [0.5, 0.2, 0.3],
    "license": "apache-2.0",
}


def _write_timm(folder: Path, name: str = "resnet10t", **options: Any) -> Path:
    network = timm.create_model(name, num_classes=7, **options)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(network.state_dict(), folder / "model.safetensors")
    cfg = CFG | {"classifier": network.pretrained_cfg["classifier"]}
    config = {"architecture": name, "num_classes": 7, "model_args": options, "pretrained_cfg": cfg}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def _picture() -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (45, 60, 3), dtype=np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


def _features(encoder: PretrainedImageEncoder, wanted: PicturePreparation, content: bytes) -> torch.Tensor:
    pixels = torch.from_numpy(decode_picture(content, wanted.squaring)).float()[None]
    encoder.load_first_weights()
    with torch.no_grad():
        features: torch.Tensor = encoder.eval()(
            PictureNormalization(mean=wanted.mean, scale=wanted.scale)(pixels)
        )
    return features


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("resnet10t", {}),
        ("vit_tiny_patch16_224", {"img_size": 32, "depth": 2}),
        (
            "swin_tiny_patch4_window7_224",
            {"img_size": 32, "depths": [1, 1], "num_heads": [2, 2], "window_size": 4},
        ),
    ],
)
def test_features_are_those_of_timm(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    folder, content = _write_timm(tmp_path, name, **options), _picture()
    found = timm_parts.describe(weights=str(folder), architecture=None)
    wanted = timm_parts.preparation(config=found["config"])
    encoder = timm_parts.image_encoder(
        in_features=3, picture_size=32, weights=str(folder), config=found["config"]
    )

    own = timm.create_model(name, num_classes=7, checkpoint_path=str(folder / "model.safetensors"), **options)
    transform = timm.data.create_transform(**timm.data.resolve_data_config(CFG), is_training=False)
    with torch.no_grad():
        theirs = own.eval().forward_features(transform(Image.open(io.BytesIO(content)))[None])
    ours = _features(encoder, wanted, content)

    if theirs.ndim == 3:
        ours, theirs = ours.flatten(2).mT, theirs[:, own.num_prefix_tokens :]
    elif name.startswith("swin"):
        theirs = theirs.permute(0, 3, 1, 2)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)
    assert (found["architecture"], found["weights_license"]) == (name, "apache-2.0")


def test_a_file_alone_needs_the_name_of_its_architecture(tmp_path: Path) -> None:
    folder = _write_timm(tmp_path)
    (folder / "config.json").unlink()
    file = str(folder / "model.safetensors")

    with pytest.raises(UserError, match="set architecture to its name in timm"):
        timm_parts.describe(weights=file, architecture=None)
    found = timm_parts.describe(weights=file, architecture="resnet10t")

    assert timm_parts.preparation(config=found["config"]).squaring.size == 176
    for weights in (file, "none"):
        with pytest.raises(UserError, match="no such model; did you mean 'resnet10t'"):
            timm_parts.describe(weights=weights, architecture="resnet10")
    with pytest.raises(UserError, match="set weights, or architecture"):
        timm_parts.describe(weights="none", architecture=None)


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    folder = _write_timm(tmp_path)
    config = {"architecture": "resnet18", "pretrained_cfg": CFG}
    encoder = timm_parts.image_encoder(in_features=3, picture_size=32, weights=str(folder), config=config)

    with pytest.raises(UserError, match="isn't whole, or is of another architecture"):
        encoder.load_first_weights()


def test_another_size_of_pictures_is_refused_where_the_network_has_but_one(tmp_path: Path) -> None:
    options = {"img_size": 32, "depth": 2}
    folder = _write_timm(tmp_path, "vit_tiny_patch16_224", **options)

    with pytest.raises(ValueError, match="doesn't take pictures of 48 pixels"):
        timm_parts.image_encoder(in_features=3, picture_size=48, weights=str(folder))


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "swin_t"])
def test_features_are_those_of_torchvision(tmp_path: Path, name: str) -> None:
    network = torchvision.models.get_model(name, weights=None).eval()
    save_file(network.state_dict(), tmp_path / "model.safetensors")
    content = _picture()
    found = torchvision_parts.describe(weights=str(tmp_path), architecture=name)
    wanted = torchvision_parts.preparation(config=found["config"])
    encoder = torchvision_parts.image_encoder(
        in_features=3, picture_size=wanted.squaring.size, weights=str(tmp_path), config=found["config"]
    )

    transform = torchvision.models.get_model_weights(name).DEFAULT.transforms()
    transform.antialias = True
    pictures = transform(Image.open(io.BytesIO(content)))[None]
    last = {"resnet18": "layer4", "swin_t": "permute"}.get(name, "features")
    extract = torchvision.models.feature_extraction.create_feature_extractor(network, {last: "grid"})
    with torch.no_grad():
        theirs = extract(pictures)["grid"]
    largest = float(theirs.abs().max())  # of thousands, where weights are drawn
    torch.testing.assert_close(_features(encoder, wanted, content), theirs, atol=1e-5 * largest, rtol=0)


def test_networks_of_torchvision_that_have_no_grid_are_refused() -> None:
    with pytest.raises(UserError, match="has no grid of features"):
        torchvision_parts.image_encoder(in_features=3, picture_size=224, architecture="vit_b_16")
    with pytest.raises(UserError, match="no such model of pictures; did you mean 'resnet18'"):
        torchvision_parts.describe(weights="none", architecture="resnet_18")
    with pytest.raises(UserError, match="set architecture"):
        torchvision_parts.describe(weights="none", architecture=None)
