"""What the plug-in adds, described without torch: a feature extractor and a family."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from nested_lightning import Family
from nested_lightning.settings.base import Settings
from nested_lightning.settings.choices.feature_extractors import FEATURE_EXTRACTORS, FeatureExtractorSettings
from nested_lightning.settings.choices.optimization import OPTIMIZERS, AdamSettings, OptimizerSettings
from nested_lightning.settings.predictor import InputFiles, PredictorInterface


class WavesSettings(FeatureExtractorSettings):
    """Random Fourier features."""

    target: ClassVar[str] = "waves.features.Waves"
    kind: Literal["waves"] = Field("waves", description="Sines and cosines of random frequencies.")
    max_frequency: PositiveFloat = Field(2.0, description="Standard deviation of the frequencies.")


class CurveDataSettings(Settings):
    """The table that holds the curve."""

    path: Path | None = Field(None, description="CSV or Parquet file; null: a sine that is computed.")
    label: str = Field("y", description="Column of the curve's values; all others are what they depend on.")
    batch_size: PositiveInt = Field(16, description="Rows of a training batch.")


class CurveFitSettings(Settings):
    """A curve through the rows of a table of numbers."""

    data: CurveDataSettings = Field(CurveDataSettings(), description="The table.")
    feature_extractor: Annotated[FeatureExtractorSettings, FEATURE_EXTRACTORS] = Field(
        WavesSettings(), description="From the inputs to features, of which the curve is a weighted sum."
    )
    optimizer: Annotated[OptimizerSettings, OPTIMIZERS] = Field(
        AdamSettings(lr=0.02), description="Optimiser."
    )


FAMILY = Family(
    name="curve-fit",
    summary="A curve through the rows of a table, as a weighted sum of features.",
    settings=CurveFitSettings,
    container="waves.container.CurveFitContainer",
    predictor=PredictorInterface(
        summary="Compute the curve's value for each row.",
        inputs=InputFiles(name="file", description="A table with the inputs."),
        formats={"text": (".txt",)},
    ),
    defaults={"trainer": {"max_epochs": 40, "num_threads": 1}},
)
