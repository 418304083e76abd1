"""Settings of sequences of several kinds: where they come from, how they are split, drawn and batched."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from nested_lightning.settings.base import ChoiceSettings, Settings
from nested_lightning.settings.choices.splits import SPLITS, Split
from nested_lightning.settings.numbers import Count, Natural, Seed
from nested_lightning.settings.slot import Slot


class SequenceSourceSettings(ChoiceSettings, module="nested_lightning.app.variant.sources"):
    """What every source has: nothing but its kind."""


def _leave_something_of_a_window(source: Any) -> Any:
    window, margin = source.window, source.margin
    if margin and window is None:
        raise ValueError(f"margin {margin} needs window: without one sequences stay whole")
    if window is not None and 2 * margin >= window:
        raise ValueError(f"margin {margin} on both sides leaves nothing of window {window}: take less")
    return source


class DigitSequencesSettings(SequenceSourceSettings, kind="digits", target=".digits.DigitSequences"):
    """Sequences of the handwritten digits that scikit-learn ships."""

    num_repeats: Count = Field(40, description="How often each picture is used, among others each time.")
    min_length: Count = Field(5, description="Digits of the shortest sequence.")
    max_length: Count = Field(15, description="Digits of the longest sequence.")
    seed: Seed = Field(0, description="Seed of orders and lengths.")

    @model_validator(mode="after")
    def _have_a_range_of_lengths(self) -> Self:
        if self.min_length > self.max_length:
            raise ValueError(f"min_length {self.min_length} is above max_length {self.max_length}")
        return self


class PythonSourcesSettings(SequenceSourceSettings, kind="python", target=".python.PythonSources"):
    """The standard library's sources, a kind of token for each character."""

    root: Path | None = Field(None, description="Folder of Python files; null: the standard library.")
    max_files: Count | None = Field(None, description="Files to use at most; null: all.")
    window: Count = Field(512, description="Characters of the windows that files are cut into.")
    margin: Natural = Field(32, description="Characters at both ends of a window that only give context.")
    seed: Seed = Field(0, description="Seed of the choice of files.")

    _check_window = model_validator(mode="after")(_leave_something_of_a_window)


class SequenceFileSettings(SequenceSourceSettings, kind="file", target=".file.SequenceFile"):
    """A JSONL or Parquet file."""

    path: Path | None = Field(None, description="The file; null: the one of data.path named for the variant.")
    type: Literal["characters", "tokens", "vectors"] | None = Field(
        None, description="What the sequences consist of; null: what the first line has."
    )
    classes: list[str] | None = Field(None, description="The classes in order; null: those in the file.")
    window: Count | None = Field(None, description="Steps of windows; null: sequences stay whole.")
    margin: Natural = Field(0, description="Steps at both ends of a window that only give context.")
    scaling: Literal["each", "all", "none"] = Field(
        "each", description="Standardise each feature by its own statistics, all by common ones, or none."
    )

    _check_window = model_validator(mode="after")(_leave_something_of_a_window)


class SamplingSettings(ChoiceSettings, module="nested_lightning.app.variant.sampling"):
    """What every sampling has: nothing but its kind."""


class ProportionalSamplingSettings(SamplingSettings, kind="proportional", target=".ProportionalSampling"):
    """Each variant by its number of sequences."""


class RoundRobinSamplingSettings(SamplingSettings, kind="round_robin", target=".RoundRobinSampling"):
    """All variants in turn."""


class TemperatureSamplingSettings(SamplingSettings, kind="temperature", target=".TemperatureSampling"):
    """Drawn with a probability proportional to n^(1/T)."""

    temperature: float = Field(5.0, gt=0, description="T; 1: by size, higher: more alike.")


SEQUENCE_SOURCES = Slot(base=SequenceSourceSettings, default="file")
SequenceSource = Annotated[SequenceSourceSettings, SEQUENCE_SOURCES]
SAMPLINGS = Slot(base=SamplingSettings, default="proportional")
Sampling = Annotated[SamplingSettings, SAMPLINGS]


class SequenceDataSettings(Settings):
    """Which files, how they are split, and how batches are drawn."""

    path: Path | None = Field(
        None,
        description="Folder with a JSONL or Parquet file for each variant, or one such file, named like its "
        "variant; null: each variant's own source.",
    )
    split: Split = SPLITS.field("How pictures, files or lines become parts.")
    sampling: Sampling = SAMPLINGS.field("Which variant each training batch is of.")
    batch_size: Count = Field(32, description="Sequences of a training batch.")
    eval_batch_size: Count = Field(128, description="Sequences of a batch in validation and test.")
    batches_per_epoch: Count | None = Field(
        None, description="Batches of an epoch; null: as many as all sequences make."
    )
