"""Settings of single submodules, by their path: what they start from, and how they learn."""

from pathlib import Path
from typing import Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from nested_lightning.settings.base import Settings
from nested_lightning.settings.choices.optimization import OwnOptimizer
from nested_lightning.settings.numbers import Count


class SubmodulePolicySettings(Settings):
    """What a submodule starts from, and how it learns."""

    init_from: Path | None = Field(
        None,
        description="Checkpoint, run folder or safetensors file, of any family, that has its first weights.",
    )
    init_path: str | None = Field(
        None,
        description="Path of the submodule there; null: the same path. In a file of another library: what its"
        " names begin with; null: the whole file is the submodule.",
    )
    init_partly: bool = Field(False, description="Take what fits of init_from; else all of it has to fit.")
    freeze: bool = Field(False, description="Keep its weights and its normalisation's statistics.")
    unfreeze_at_epoch: Count | None = Field(
        None, description="With freeze: first epoch, counted from 0, in which it learns; null: it never does."
    )
    lr: PositiveFloat | None = Field(None, description="Learning rate of its own; null: the optimiser's.")
    weight_decay: NonNegativeFloat | None = Field(
        None, description="Weight decay of its own; null: the optimiser's."
    )
    optimizer: OwnOptimizer | None = Field(
        None, description="Optimiser of its own, under the same schedule; null: that of the composite."
    )

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        if self.unfreeze_at_epoch is not None and not self.freeze:
            raise ValueError("unfreeze_at_epoch needs freeze: true")
        if self.init_path is not None and self.init_from is None:
            raise ValueError("init_path needs init_from, the file that it is a path in")
        if self.init_partly and self.init_from is None:
            raise ValueError("init_partly needs init_from, the file of which it takes what fits")
        if self.optimizer is not None and self.freeze and self.unfreeze_at_epoch is None:
            raise ValueError("what is frozen throughout needs no optimizer: leave one of the two out")
        if self.optimizer is not None and not (self.lr is self.weight_decay is None):
            raise ValueError("lr and weight_decay belong into optimizer, where there is one")
        return self
