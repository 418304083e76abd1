"""The family image-to-text: an image encoder, a bridge and a text decoder that write captions."""

from typing import Self

from pydantic import Field, model_validator

from nested_lightning.settings.base import Settings
from nested_lightning.settings.choices.bridges import BRIDGES, Bridge
from nested_lightning.settings.choices.generation import GENERATIONS, Generation
from nested_lightning.settings.choices.image_encoders import IMAGE_ENCODERS, ImageEncoder
from nested_lightning.settings.choices.optimization import OPTIMIZERS, SCHEDULES, Optimizer, Schedule
from nested_lightning.settings.choices.pretrained import PretrainedSettings
from nested_lightning.settings.choices.text_decoders import TEXT_DECODERS, TextDecoder
from nested_lightning.settings.choices.widths import HALF_WIDTH
from nested_lightning.settings.data.image_to_text import AugmentationSettings, CaptionDataSettings
from nested_lightning.settings.family import Family, Preset
from nested_lightning.settings.numbers import Depth, Natural, Seed
from nested_lightning.settings.predictor import (
    RECORD_FORMATS,
    InputFiles,
    PredictorInterface,
    refuse_idle_options,
)
from nested_lightning.settings.reading.errors import SettingsError

DEFAULT_SIZE = 32
"""Pixels to a side of pictures where neither a setting nor the encoder says it."""


class ImageToTextSettings(Settings):
    """A writer of captions for pictures."""

    data: CaptionDataSettings = Field(CaptionDataSettings(), description="The pictures to learn from.")
    augmentation: AugmentationSettings = Field(
        AugmentationSettings(), description="How training pictures are varied."
    )
    image_encoder: ImageEncoder = IMAGE_ENCODERS.field("From a picture to a grid of features.")
    bridge: Bridge = BRIDGES.field("How the features reach the decoder.")
    text_decoder: TextDecoder = TEXT_DECODERS.field("From the picture and the words so far to the next word.")
    generation: Generation = GENERATIONS.field("How captions are generated.")
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="Share of the target given to all tokens.")
    num_samples: Natural = Field(8, description="Sample captions in log and contact sheet of each epoch.")
    optimizer: Optimizer = OPTIMIZERS.field("Optimiser.", kind="adamw")
    schedule: Schedule = SCHEDULES.field("How the learning rate changes during training.")

    @model_validator(mode="after")
    def _leave_something_of_a_picture(self) -> Self:
        own = None if isinstance(self.image_encoder, PretrainedSettings) else DEFAULT_SIZE
        shift, size = self.augmentation.max_shift, self.data.picture_size or own
        if size is not None and shift >= size:
            raise ValueError(
                f"augmentation.max_shift {shift} moves pictures of data.picture_size {size} away"
            )
        return self

    @model_validator(mode="after")
    def _leave_words_to_a_tokenizer(self) -> Self:
        is_own = isinstance(self.text_decoder, PretrainedSettings)
        if is_own and (self.data.unit, self.data.min_count) != ("words", 1):
            raise ValueError(
                f"text_decoder.kind={self.text_decoder.kind} has a tokenizer of its own: leave data.unit and"
                " data.min_count out"
            )
        return self


ORIGINAL = Preset(
    summary="Two plain convolutions, their mean as initial state, an LSTM of 256; constant rate, no dropout.",
    values={
        "trainer": {"precision": "32-true", "best_checkpoint": "monitored"},
        "image_to_text": {
            "data": {"batch_size": 64},
            "image_encoder": {"kind": "plain"},
            "bridge": {"kind": "initial_state", "pooling": "mean", "dropout": 0.0},
            "text_decoder": {"kind": "lstm", "dropout": 0.0},
            "optimizer": {"kind": "adam"},
            "schedule": {"kind": "constant"},
            "label_smoothing": 0.0,
        },
    },
)


class CaptionOptions(Settings):
    """How captions are written; without ``beam`` and ``top_p`` as the model was set in training."""

    beam: Depth | None = Field(None, description="Beam search with that many beams.")
    length_penalty: float = Field(0.0, ge=0, description="With beam: more prefers longer captions.")
    top_p: float | None = Field(None, ge=0.01, le=1, description="Draw from this share of the probability.")
    temperature: float = Field(1.0, ge=0.01, description="With top_p: below 1 is nearer to the likeliest.")
    seed: Seed = Field(0, description="With top_p: seed of the draw.")
    skip_bad: bool = Field(False, description="Leave out pictures that can't be read, and count them.")

    @model_validator(mode="after")
    def _choose_one(self) -> Self:
        if self.beam is not None and self.top_p is not None:
            raise SettingsError(["choose beam or top_p, not both"])
        refuse_idle_options(self, length_penalty="beam", temperature="top_p", seed="top_p")
        return self


FAMILY = Family(
    name="image-to-text",
    summary="An image encoder, a bridge and a text decoder that write captions.",
    settings=ImageToTextSettings,
    container="nested_lightning.containers.image_to_text.ImageToTextContainer",
    exported="nested_lightning.app.image_to_text.exported.ExportedImageToText",
    predictor=PredictorInterface(
        summary="Write a caption for each picture.",
        inputs=InputFiles(
            name="pictures", description="Picture files, and folders of pictures.", are_many=True
        ),
        options=CaptionOptions,
        formats={"text": (".txt",), **RECORD_FORMATS},
    ),
    defaults={
        "trainer": {
            "max_epochs": 100,
            "precision": "auto",
            "monitor": "val_word_error_rate",
            "best_checkpoint": "newest",
        },
        "image_to_text": {
            "optimizer": {"kind": "adamw", "lr": 3e-4, "weight_decay": 0.05},
            "schedule": {"kind": "one_cycle", "warmup_fraction": 0.2},
        },
    },
    presets={"original": ORIGINAL, "half-width": HALF_WIDTH},
)
