"""The family multi-feature: several feature extractors by name, a combiner, a head and what it learns."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from nested_lightning.settings.base import Settings, complete_items, plain_section
from nested_lightning.settings.choices.combiners import COMBINERS, Combiner
from nested_lightning.settings.choices.feature_extractors import (
    FEATURE_EXTRACTORS,
    FeatureExtractor,
    FeatureExtractorSettings,
)
from nested_lightning.settings.choices.heads import HEADS, Head
from nested_lightning.settings.choices.image_extractors import PICTURE_EXTRACTORS, PictureExtractor
from nested_lightning.settings.choices.objectives import OBJECTIVES, Objective
from nested_lightning.settings.choices.optimization import OPTIMIZERS, SCHEDULES, Optimizer, Schedule
from nested_lightning.settings.choices.text_extractors import (
    SEQUENCE_EXTRACTORS,
    TEXT_EXTRACTORS,
    SequenceExtractor,
    TextExtractor,
)
from nested_lightning.settings.choices.widths import HALF_WIDTH
from nested_lightning.settings.data.multi_feature import TabularDataSettings
from nested_lightning.settings.family import Family, Preset
from nested_lightning.settings.predictor import InputFiles, KeepOptions, PredictorInterface
from nested_lightning.settings.slot import Slot

GROUP_EXTRACTORS = Slot(base=FeatureExtractorSettings, default="periodic")
"""Of any sort of group: their choices are all imported above."""


class MultiFeatureSettings(Settings):
    """A model of rows that are described by several groups of features."""

    data: TabularDataSettings = Field(TabularDataSettings(), description="The table to learn from.")
    feature_extractor: FeatureExtractor = FEATURE_EXTRACTORS.field("Feature extractor of every group.")
    picture_extractor: PictureExtractor = PICTURE_EXTRACTORS.field(
        "Feature extractor of every group of pictures."
    )
    text_extractor: TextExtractor = TEXT_EXTRACTORS.field("Feature extractor of every group of texts.")
    sequence_extractor: SequenceExtractor = SEQUENCE_EXTRACTORS.field(
        "Feature extractor of every group of sequences."
    )
    feature_extractors: dict[str, Annotated[FeatureExtractorSettings, GROUP_EXTRACTORS]] = Field(
        {}, description="Feature extractors of single groups, by the group's name."
    )
    combiner: Combiner = COMBINERS.field("How the groups' vectors become one.")
    head: Head = HEADS.field("From the combined vector to what the objective needs.")
    objective: Objective = OBJECTIVES.field("What is learnt of the column to predict.")
    objectives: dict[str, Objective] = Field(
        {}, description="Objectives of several columns, by the column's name."
    )
    modality_dropout: float = Field(
        0.0, ge=0, lt=1, description="Probability that a group is hidden from a row in training."
    )
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

    @model_validator(mode="before")
    @classmethod
    def _complete_the_objective(cls, values: Any) -> Any:
        """Let it be ``several`` where there are several, and have what older files have beside it."""
        objective = plain_section(values, "objective")
        if objective is None:
            return values
        rest = dict(values)
        moved = {name: rest.pop(name) for name in ("class_weights", "label_smoothing") if name in values}
        several = {"kind": "several"} if values.get("objectives") else {}
        return rest | {"objective": several | moved | objective} if moved or several else values

    @model_validator(mode="after")
    def _name_columns_once(self) -> Self:
        """Refuse several objectives beside another, or beside a label."""
        is_several = self.objective.kind == "several"
        if is_several != bool(self.objectives):
            raise ValueError("objective.kind=several and objectives.COLUMN.kind go together: set both")
        if is_several and self.data.label is not None:
            raise ValueError("data.label is for one objective; with objectives, their names are the columns")
        return self


SEED = Preset(
    summary="Three groups of 10, 15 and 20 columns of the shipped digits.",
    values={
        "multi_feature": {
            "data": {
                "grouping": {
                    "kind": "explicit",
                    "groups": {
                        group: [f"{group}_{number:03d}" for number in range(num_columns)]
                        for group, num_columns in (("kar", 10), ("fou", 15), ("zer", 20))
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
            "objective": {"label_smoothing": 0.0},
        }
    },
)

FAMILY = Family(
    name="multi-feature",
    summary="Several feature extractors by name, a combiner, a head and what it learns.",
    settings=MultiFeatureSettings,
    container="nested_lightning.containers.multi_feature.MultiFeatureContainer",
    exported="nested_lightning.app.multi_feature.exported",
    predictor=PredictorInterface(
        summary="Predict for the rows of a CSV or Parquet file, or for pictures: classes, numbers, labels.",
        inputs=InputFiles(
            name="files",
            description="A file like the training one, without labels too; or pictures, and folders of such.",
            are_many=True,
        ),
        options=KeepOptions,
    ),
    defaults={"trainer": {"max_epochs": 60, "num_threads": "auto"}},
    presets={"seed": SEED, "plain": PLAIN, "half-width": HALF_WIDTH},
)
