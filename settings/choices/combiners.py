"""Choices of combiner: the groups' vectors in, one vector out."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.numbers import Depth
from nested_lightning.settings.slot import Slot


class CombinerSettings(ChoiceSettings):
    """What every combiner has: nothing but its kind."""


class ConcatenationSettings(CombinerSettings):
    """The groups' vectors side by side."""

    target: ClassVar[str] = "nested_lightning.app.submodules.combiners.Concatenation"
    kind: Literal["concatenation"] = Field("concatenation", description="The groups' vectors side by side.")


class GatedSumSettings(CombinerSettings):
    """A weighted sum of the groups' vectors; the weights are computed from the vectors."""

    target: ClassVar[str] = "nested_lightning.app.submodules.combiners.GatedSum"
    kind: Literal["gated_sum"] = Field("gated_sum", description="A sum weighted by learned gates.")


class GroupAttentionSettings(CombinerSettings):
    """Multi-head attention over the groups, pooled by a learned query."""

    target: ClassVar[str] = "nested_lightning.app.submodules.combiners.GroupAttention"
    kind: Literal["attention"] = Field("attention", description="Multi-head attention over the groups.")
    num_heads: Depth = Field(4, description="Number of heads; the groups' width is a multiple of it.")


COMBINERS = Slot(
    base=CombinerSettings,
    default="concatenation",
    choices=[ConcatenationSettings, GatedSumSettings, GroupAttentionSettings],
)
Combiner = Annotated[CombinerSettings, COMBINERS]
