"""Image encoders of transformers: the same numbers as the library's own."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from nested_lightning.app.errors import UserError
from nested_lightning.app.pictures.decoding import decode_picture
from nested_lightning.app.submodules.normalization import PictureNormalization
from nested_lightning.app.submodules.pretrained.image_encoders import PretrainedImageEncoder
from nested_lightning.app.submodules.pretrained.transformers_parts import describe, image_encoder, preparation
from nested_lightning.app.training.layer_decay import list_layers
from tests.app.submodules.pretrained.part_folders import (
    PICTURE_SIZE,
    PREPROCESSOR,
    write_convolutions,
    write_vision_transformer,
)

transformers = pytest.importorskip("transformers", reason="the extra pretrained is not installed")


def _encoder(
    folder: Path, *, in_features: int = 3, picture_size: int = PICTURE_SIZE
) -> PretrainedImageEncoder:
    found = describe(weights=str(folder))
    encoder = image_encoder(
        in_features=in_features, picture_size=picture_size, weights=str(folder), config=found["config"]
    )
    encoder.load_first_weights()
    return encoder.eval()


def _picture(width: int, height: int) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"do_resize": True, "do_center_crop": True, "size": {"shortest_edge": 20}, "crop_size": 16},
        {"resample": 3, "do_normalize": False},
    ],
)
def test_features_of_a_picture_are_those_of_the_library(tmp_path: Path, settings: dict[str, Any]) -> None:
    folder, content = write_vision_transformer(tmp_path, **settings), _picture(40, 25)
    crops = "crop_size" in settings
    kind = transformers.CLIPImageProcessorPil if crops else transformers.ViTImageProcessorPil
    processor = kind(**(PREPROCESSOR | settings))
    own = transformers.ViTModel.from_pretrained(folder, add_pooling_layer=False).eval()

    wanted = preparation(config=describe(weights=str(folder))["config"])
    pixels = torch.from_numpy(decode_picture(content, wanted.squaring)).float()[None]
    with torch.no_grad():
        features = _encoder(folder)(PictureNormalization(mean=wanted.mean, scale=wanted.scale)(pixels))
        theirs = own(**processor(Image.open(io.BytesIO(content)), return_tensors="pt")).last_hidden_state

    torch.testing.assert_close(features.flatten(2).mT, theirs[:, 1:], atol=1e-5, rtol=0)


def test_grey_pictures_are_three_equal_colours(tmp_path: Path) -> None:
    folder = write_vision_transformer(tmp_path)
    grey = torch.rand(2, 1, PICTURE_SIZE, PICTURE_SIZE)

    one, three = _encoder(folder, in_features=1), _encoder(folder)

    assert torch.equal(one(grey), three(grey.expand(-1, 3, -1, -1)))


def test_a_network_of_convolutions_has_its_grid_as_it_is(tmp_path: Path) -> None:
    encoder = _encoder(write_convolutions(tmp_path), picture_size=32)

    assert (encoder.out_features, encoder.out_positions) == (8, 16)
    assert encoder(torch.rand(2, 3, 32, 32)).shape == (2, 8, 4, 4)


def test_layers_of_a_part_are_its_blocks_with_what_is_around_them(tmp_path: Path) -> None:
    encoder = _encoder(write_vision_transformer(tmp_path, num_layers=3))

    layers = list_layers(encoder, path="image_to_text.image_encoder")

    assert len(layers) == 5
    assert sum(map(len, layers)) == len([*encoder.parameters()])
    assert len({len(layer) for layer in layers[1:4]}) == 1


def test_a_size_that_the_network_does_not_take_is_refused(tmp_path: Path) -> None:
    folder = write_vision_transformer(tmp_path)

    with pytest.raises(ValueError, match="doesn't take pictures of 24 pixels"):
        _encoder(folder, picture_size=24)


def test_weights_of_another_depth_are_no_part_of_it(tmp_path: Path) -> None:
    deep = write_vision_transformer(tmp_path / "deep", num_layers=3)
    shallow = write_vision_transformer(tmp_path / "shallow")
    config = json.loads((deep / "config.json").read_text())

    for folder, layers, said in ((deep, 2, "no place for"), (shallow, 3, "missing there")):
        changed = {**config, "num_hidden_layers": layers}
        encoder = image_encoder(in_features=3, picture_size=16, weights=str(folder), config=changed)
        with pytest.raises(UserError, match=said):
            encoder.load_first_weights()


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("config.json", None, "there is no config.json of transformers"),
        ("config.json", {"model_type": "rnn_of_mine"}, "doesn't know model_type 'rnn_of_mine'"),
        ("config.json", {"auto_map": {"AutoModel": "mine.Net"}}, "code of the part's own"),
        ("config.json", {"num_channels": 1}, "pictures of 1 channels"),
        ("config.json", {"num_channels": None}, "pictures of None channels"),
        ("preprocessor_config.json", None, "no preprocessor_config.json says"),
        ("preprocessor_config.json", {"resample": 9}, "isn't understood"),
        ("preprocessor_config.json", {"size": {"height": 8, "width": 9}}, "8 x 9"),
    ],
)
def test_what_a_folder_lacks_is_named(
    tmp_path: Path, name: str, change: dict[str, object] | None, message: str
) -> None:
    file = write_vision_transformer(tmp_path) / name
    values = json.loads(file.read_text())
    file.unlink()
    if change is not None:
        file.write_text(json.dumps(values | change))

    with pytest.raises(UserError, match=message):
        _prepared_encoder(tmp_path)


def _prepared_encoder(folder: Path) -> PretrainedImageEncoder:
    preparation(config=describe(weights=str(folder))["config"])
    return _encoder(folder)
