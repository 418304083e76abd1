"""Choices of how captions are generated."""

from typing import Annotated

from pydantic import Field, NonNegativeFloat, PositiveFloat

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.numbers import Depth, Seed
from nested_lightning.settings.slot import Slot


class GenerationSettings(ChoiceSettings, module="nested_lightning.app.image_to_text.generation"):
    """What every way of generating has: nothing but its kind."""


class GreedyGenerationSettings(GenerationSettings, kind="greedy", target=".greedy.GreedySearch"):
    """The most probable token at each step."""


class BeamGenerationSettings(GenerationSettings, kind="beam", target=".beam.BeamSearch"):
    """Beam search with a length penalty: the most probable caption of several kept at once."""

    num_beams: Depth = Field(5, description="Captions that are kept at each step.")
    length_penalty: NonNegativeFloat = Field(
        0.0, description="0: the highest probability; more prefers longer captions (Wu et al. 2016)."
    )


class SamplingGenerationSettings(GenerationSettings, kind="sampling", target=".sampling.NucleusSampling"):
    """Nucleus sampling: drawn from the most probable tokens."""

    top_p: float = Field(0.9, gt=0, le=1, description="Share of the probability that is drawn from.")
    temperature: PositiveFloat = Field(1.0, description="Below 1: nearer to the most probable tokens.")
    seed: Seed = Field(0, description="Seed of the draw.")


GENERATIONS = Slot(base=GenerationSettings, default="greedy")
Generation = Annotated[GenerationSettings, GENERATIONS]
