"""Batches of the family image-to-text that have a shape and no data."""

import torch

from nested_lightning.app.image_to_text.batch import CaptionBatch
from nested_lightning.app.image_to_text.data import ImageToTextDataModule
from nested_lightning.app.image_to_text.spec import ImageToTextDataSpec
from nested_lightning.app.image_to_text.vocabulary import BEGIN, END, SPECIAL_TOKENS

MAX_EXAMPLE_TOKENS = 8


def example_batches(
    data_spec: ImageToTextDataSpec, *, num_samples: int = 2, device: str = "meta"
) -> list[CaptionBatch]:
    """Return one batch of pictures with one short caption each; on ``cpu`` they are noise."""
    word = len(SPECIAL_TOKENS)
    words = [word] * min(data_spec.max_length - 1, MAX_EXAMPLE_TOKENS)
    shape = (num_samples, 3, data_spec.picture_size, data_spec.picture_size)
    with torch.device(device):
        pictures = (torch.rand(shape) * 255).to(torch.uint8)
        text = torch.tensor([[[BEGIN, *words, END]]] * num_samples)
    caption = data_spec.vocabulary.decode(words)
    return [CaptionBatch(pictures=pictures, text=text, captions=((caption,),) * num_samples)]


def real_batches(datamodule: ImageToTextDataModule, *, num_samples: int = 2) -> list[CaptionBatch]:
    """Return one batch of training samples."""
    return [next(iter(datamodule.train_dataloader()))[:num_samples]]
