"""A composite image-to-text of four-token captions, too small to learn anything."""

from typing import Any, cast

import torch
from torch import Tensor, nn

from nested_lightning.app.image_to_text.generation.greedy import GreedySearch
from nested_lightning.app.image_to_text.model import ImageToText
from nested_lightning.app.image_to_text.vocabulary import SPECIAL_TOKENS, Vocabulary
from nested_lightning.app.submodules.bridges import EveryStepBridge
from nested_lightning.app.submodules.image_encoders import PlainImageEncoder
from nested_lightning.app.submodules.normalization import PictureNormalization
from nested_lightning.app.submodules.text_decoders import LstmTextDecoder


def tiny_model(text_decoder: nn.Module | None = None, **options: Any) -> ImageToText:
    """Return one, with another text decoder or other options if there are any."""
    torch.manual_seed(0)
    encoder = PlainImageEncoder(in_features=3, picture_size=8, hidden_channels=4, embedding_dim=6)
    decoder = LstmTextDecoder(
        in_features=5, out_features=6, role="every_step", hidden_features=8, dropout=0.0
    )
    return ImageToText(
        image_encoder=encoder,
        bridge=EveryStepBridge(in_features=6, in_positions=4, out_features=5, dropout=0.0),
        text_decoder=text_decoder or decoder,
        normalization=PictureNormalization(mean=[0.5] * 3, scale=[0.25] * 3),
        vocabulary=Vocabulary(tokens=(*SPECIAL_TOKENS, "a", "b"), unit="words", is_lowercase=True),
        max_length=4,
        optimizer=cast(Any, None),
        schedule=cast(Any, None),
        **{"generation": GreedySearch(), **options},
    )


def tiny_pictures(num: int) -> Tensor:
    """Return so many pictures, uint8 of [num, 3, 8, 8]."""
    return torch.randint(256, (num, 3, 8, 8), generator=torch.Generator().manual_seed(1)).to(torch.uint8)
