"""Extractors of pictures: the image encoders, and their grid pooled to one vector."""

from typing import Any

import pytest
import torch

from nested_lightning.app.submodules.image_encoders import ResidualImageEncoder
from nested_lightning.app.submodules.image_extractors import (
    plain_image_extractor,
    residual_image_extractor,
)


@pytest.mark.parametrize("pooling", ["mean", "flatten"])
@pytest.mark.parametrize("build", [plain_image_extractor, residual_image_extractor])
@pytest.mark.parametrize(("channels", "size"), [(1, 8), (3, 17)])
def test_a_picture_becomes_a_vector_of_the_published_width(
    build: Any, pooling: str, channels: int, size: int
) -> None:
    extractor = build(in_features=channels, picture_size=size, out_features=5, pooling=pooling)

    assert (extractor.in_features, extractor.out_features) == (channels, 5)
    assert extractor(torch.rand(2, channels, size, size)).shape == (2, 5)


def test_the_encoder_is_that_of_captions_with_its_own_settings() -> None:
    extractor = residual_image_extractor(in_features=3, picture_size=8, channels=[4, 6], num_blocks=2)

    assert isinstance(extractor.encoder, ResidualImageEncoder)
    assert extractor.encoder.out_features == 6
    assert len(extractor.encoder.stages) == 4


def test_pictures_too_small_for_the_encoder_are_refused() -> None:
    with pytest.raises(ValueError, match="too small to be halved"):
        residual_image_extractor(in_features=1, picture_size=3)
