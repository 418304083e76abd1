"""Choices of combiner: the groups' vectors in, one vector out."""

from typing import Annotated

from pydantic import Field

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.numbers import Depth
from nested_lightning.settings.slot import Slot


class CombinerSettings(ChoiceSettings, module="nested_lightning.app.submodules.combiners"):
    """What every combiner has: nothing but its kind."""


class ConcatenationSettings(CombinerSettings, kind="concatenation", target=".Concatenation"):
    """The groups' vectors side by side."""


class GatedSumSettings(CombinerSettings, kind="gated_sum", target=".GatedSum"):
    """A weighted sum of the groups' vectors; the weights are computed from the vectors."""


class GroupAttentionSettings(CombinerSettings, kind="attention", target=".GroupAttention"):
    """Multi-head attention over the groups, pooled by a learned query."""

    num_heads: Depth = Field(4, description="Number of heads; the groups' width is a multiple of it.")


COMBINERS = Slot(base=CombinerSettings, default="concatenation")
Combiner = Annotated[CombinerSettings, COMBINERS]
