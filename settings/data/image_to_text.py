"""Settings of pictures with captions."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from nested_lightning.settings.base import Settings
from nested_lightning.settings.choices.splits import (
    ColumnSplitSettings,
    SharesSettings,
    SplitSettings,
    WholeFileSplitSettings,
)
from nested_lightning.settings.numbers import Count, Natural, Pixels, Seed
from nested_lightning.settings.slot import Slot


class DrawnPictureSplitSettings(SharesSettings, module="nested_lightning.app.image_to_text.splits"):
    """What the splits have that are drawn."""

    val_fraction: float = Field(0.05, gt=0, lt=1, description="Share for validation.")
    test_fraction: float = Field(0.2, gt=0, lt=1, description="Share for the test.")
    seed: Seed = Field(0, description="Seed of the draw, apart from the seed of the training.")


class AutomaticPictureSplitSettings(
    DrawnPictureSplitSettings, kind="automatic", target=".AutomaticPictureSplitter"
):
    """The kind variants if a column emoji holds skin tones, else random."""


class SkinToneSplitSettings(DrawnPictureSplitSettings, kind="variants", target=".SkinToneSplitter"):
    """Shares of the skin-tone variants, whose base emoji is in training."""

    column: str = Field("emoji", description="Column that holds the emoji.")


class UnseenBaseSplitSettings(DrawnPictureSplitSettings, kind="unseen_bases", target=".UnseenBaseSplitter"):
    """Whole base emoji with all their variants; harder."""

    column: str = Field("emoji", description="Column that holds the emoji.")


class RandomPictureSplitSettings(DrawnPictureSplitSettings, kind="random", target=".RandomPictureSplitter"):
    """A random split by picture, drawn with a seed."""


PICTURE_SPLITS = Slot(
    base=SplitSettings,
    default="automatic",
    choices=[
        AutomaticPictureSplitSettings,
        SkinToneSplitSettings,
        UnseenBaseSplitSettings,
        RandomPictureSplitSettings,
        ColumnSplitSettings,
        WholeFileSplitSettings,
    ],
)
PictureSplit = Annotated[SplitSettings, PICTURE_SPLITS]


class CaptionDataSettings(Settings):
    """Which pictures and captions, how they are read, split and batched."""

    path: Path | None = Field(
        None, description="Folder, zip or captions file (CSV, JSONL, COCO); null: the emoji that ship."
    )
    captions_file: str | None = Field(None, description="Captions file in the folder; null: the only one.")
    picture_folder: str | None = Field(None, description="Where pictures lie in the folder; null: found.")
    picture_column: str | None = Field(None, description="Column of the pictures' names; null: found.")
    caption_column: str | None = Field(None, description="Column of the captions; null: found.")
    skip_bad: bool = Field(False, description="Leave out what can't be used, and count it.")
    picture_size: Pixels | None = Field(
        None, description="Pixels to each side of pictures; null: as a pretrained encoder wants, else 32."
    )
    fit: Literal["pad", "crop", "stretch"] | None = Field(
        None,
        description="How a picture becomes square: white margins, cut edges, or distorted; null: as a"
        " pretrained encoder wants, else pad.",
    )
    unit: Literal["words", "characters"] = Field("words", description="What captions are made of.")
    is_lowercase: bool = Field(True, description="Whether captions are read in small letters.")
    min_count: Count = Field(
        1, description="Times that a token must occur in the training part; rarer ones are unknown."
    )
    max_length: Count = Field(256, description="Most words or characters of a caption.")
    split: PictureSplit = PICTURE_SPLITS.field("How pictures become training, validation, test parts.")
    batch_size: Count = Field(32, description="Pictures of a training batch.")
    eval_batch_size: Count = Field(128, description="Pictures of a batch in validation, test, prediction.")


class AugmentationSettings(Settings):
    """How training pictures are varied; what may change the meaning is off."""

    max_shift: Natural = Field(1, description="Pixels that a picture is shifted by at most.")
    flip_probability: float = Field(0.0, ge=0, le=1, description="How often left and right are exchanged.")
    max_brightness: float = Field(0.0, ge=0, lt=1, description="Change of brightness at most, as a share.")
    max_rotation: float = Field(0.0, ge=0, le=180, description="Degrees that a picture is turned at most.")
