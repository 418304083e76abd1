"""The family multi-feature: several feature extractors by name, a combiner, a classifier head."""

from typing import Any, Literal

from pydantic import Field, PositiveFloat, model_validator

from nested_lightning.settings.base import Settings, complete_items
from nested_lightning.settings.choices.combiners import COMBINERS, Combiner
from nested_lightning.settings.choices.feature_extractors import FEATURE_EXTRACTORS, FeatureExtractor
from nested_lightning.settings.choices.heads import HEADS, Head
from nested_lightning.settings.choices.image_extractors import (
    PICTURE_EXTRACTORS,
    GroupExtractor,
    PictureExtractor,
)
from nested_lightning.settings.choices.optimization import OPTIMIZERS, SCHEDULES, Optimizer, Schedule
from nested_lightning.settings.data.multi_feature import TabularDataSettings
from nested_lightning.settings.family import Family, Preset
from nested_lightning.settings.predictor import InputFiles, KeepOptions, PredictorInterface


class MultiFeatureSettings(Settings):
    """A classifier of rows that are described by several groups of features."""

    data: TabularDataSettings = Field(TabularDataSettings(), description="The table to learn from.")
    feature_extractor: FeatureExtractor = FEATURE_EXTRACTORS.field("Feature extractor of every group.")
    picture_extractor: PictureExtractor = PICTURE_EXTRACTORS.field(
        "Feature extractor of every group of pictures."
    )
    feature_extractors: dict[str, GroupExtractor] = Field(
        {}, description="Feature extractors of single groups, by the group's name."
    )
    combiner: Combiner = COMBINERS.field("How the groups' vectors become one.")
    head: Head = HEADS.field("From the combined vector to the classes.")
    modality_dropout: float = Field(
        0.0, ge=0, lt=1, description="Probability that a group is hidden from a row in training."
    )
    class_weights: Literal["balanced"] | dict[str, PositiveFloat] | None = Field(
        None, description="Weights of classes in the loss: balanced (by inverse count), or by class name."
    )
    label_smoothing: float = Field(0.1, ge=0, lt=1, description="Share of the target given to all classes.")
    min_stacked_extractors: int | None = Field(
        32,
        ge=2,
        le=2**20,
        description="Train that many or more extractors of equal structure as one; null: one by one.",
    )
    optimizer: Optimizer = OPTIMIZERS.field("Optimiser.")
    schedule: Schedule = SCHEDULES.field("How the learning rate changes during training.")

    @model_validator(mode="before")
    @classmethod
    def _complete_single_groups(cls, values: Any) -> Any:
        """Let a group's extractor that names no kind start from the extractor of every group."""
        return complete_items(values, items="feature_extractors", each="feature_extractor")


def _first_columns(group: str, count: int) -> list[str]:
    return [f"{group}_{number:03d}" for number in range(count)]


SEED = Preset(
    summary="Three groups of 10, 15 and 20 columns of the shipped digits.",
    values={
        "multi_feature": {
            "data": {
                "grouping": {
                    "kind": "explicit",
                    "groups": {
                        "kar": _first_columns("kar", 10),
                        "fou": _first_columns("fou", 15),
                        "zer": _first_columns("zer", 20),
                    },
                }
            }
        }
    },
)

PLAIN = Preset(
    summary="The plain extractors and a linear head, constant rate, plain cross-entropy.",
    values={
        "multi_feature": {
            "feature_extractor": {"kind": "plain"},
            "head": {"kind": "linear"},
            "schedule": {"kind": "constant"},
            "label_smoothing": 0.0,
        }
    },
)

FAMILY = Family(
    name="multi-feature",
    summary="Several feature extractors by name, a combiner and a classifier head.",
    settings=MultiFeatureSettings,
    container="nested_lightning.containers.multi_feature.MultiFeatureContainer",
    predictor=PredictorInterface(
        summary="Classify the rows of a CSV or Parquet file, or pictures: class and probabilities.",
        inputs=InputFiles(
            name="files",
            description="A file like the training one, without labels too; or pictures, and folders of such.",
            are_many=True,
        ),
        options=KeepOptions,
    ),
    defaults={"trainer": {"max_epochs": 60, "num_threads": "auto"}},
    presets={"seed": SEED, "plain": PLAIN},
)
