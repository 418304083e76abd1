"""Settings of square pictures in domains."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from nested_lightning.settings.base import ChoiceSettings, Settings
from nested_lightning.settings.choices.splits import (
    FoldSplitSettings,
    RandomSplitSettings,
    SplitSettings,
    WholeFileSplitSettings,
)
from nested_lightning.settings.numbers import Count, Pixels
from nested_lightning.settings.slot import Slot


class DomainGroupingSettings(ChoiceSettings, module="nested_lightning.app.vae_gan.domain_groups"):
    """What every grouping of domains has: nothing but its kind."""


class EachAloneSettings(DomainGroupingSettings, kind="each_alone", target=".EachAlone"):
    """A VAE for each domain."""


class EvenAndOddSettings(DomainGroupingSettings, kind="even_odd", target=".EvenAndOdd"):
    """Two VAEs, for even and for odd numbers."""


class AllTogetherSettings(DomainGroupingSettings, kind="together", target=".AllTogether"):
    """One VAE for all domains."""

    name: str = Field("all", min_length=1, description="Name of that VAE.")


class ExplicitDomainGroupsSettings(DomainGroupingSettings, kind="explicit", target=".ExplicitDomainGroups"):
    """VAEs with listed domains."""

    groups: dict[str, list[str]] = Field(description="Domains of each VAE by its name.")


DOMAIN_GROUPINGS = Slot(base=DomainGroupingSettings, default="each_alone")
DomainGrouping = Annotated[DomainGroupingSettings, DOMAIN_GROUPINGS]

PICTURE_SPLITS = Slot(
    base=SplitSettings,
    default="random",
    choices=[RandomSplitSettings, FoldSplitSettings, WholeFileSplitSettings],
)
PictureSplit = Annotated[SplitSettings, PICTURE_SPLITS]


class PictureDataSettings(Settings):
    """Which pictures, of which size, how they are grouped, split and batched."""

    path: Path | None = Field(
        None, description="Folder or zip file with a sub-folder for each domain; null: scikit-learn's digits."
    )
    image_size: Pixels | None = Field(
        None, description="Pixels to each side; null: as the pictures have, at most 32. The digits have 8."
    )
    channels: Literal[1, 3] | None = Field(
        None, description="1 for grey, 3 for colours; null: as the pictures are."
    )
    grouping: DomainGrouping = DOMAIN_GROUPINGS.field("Which domains share a VAE.")
    split: PictureSplit = PICTURE_SPLITS.field("How pictures become training, validation and test parts.")
    batch_size: Count = Field(100, description="Pictures of a training batch.")
    eval_batch_size: Count = Field(1024, description="Pictures of a batch in validation and test.")
