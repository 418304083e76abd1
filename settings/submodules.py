"""Settings of single submodules, by their path: what they start from, and how they learn."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from nested_lightning.settings.base import Settings
from nested_lightning.settings.choices.optimization import OwnOptimizer
from nested_lightning.settings.numbers import Count, Width


class LoraSettings(Settings):
    """Low-rank adapters beside frozen layers."""

    rank: Width = Field(8, description="Width between the two matrices of an adapter.")
    alpha: PositiveFloat = Field(16.0, description="What an adapter gives is multiplied by alpha / rank.")
    dropout: float = Field(0.0, ge=0, lt=1, description="Probability of dropout before an adapter.")
    save: Literal["whole", "adapters"] = Field(
        "whole",
        description="What checkpoints hold: adapters leaves out the frozen weights, which come by init_from"
        " or a part's own weights, and are read from that file again.",
    )
    targets: tuple[str, ...] = Field(
        min_length=1,
        description="Names of the layers that have adapters, or their ends after a dot, e.g. query.",
    )


class SubmodulePolicySettings(Settings):
    """What a submodule starts from, and how it learns."""

    init_from: Path | None = Field(
        None,
        description="Checkpoint, run folder or safetensors file, of any family, that has its first weights.",
    )
    init_path: str | None = Field(
        None,
        description="Path of the submodule there; null: the same path. In a file of another library: what its"
        " names begin with; null: the whole file is the submodule. * in it is the submodule's own name.",
    )
    init_partly: bool = Field(False, description="Take what fits of init_from; else all of it has to fit.")
    freeze: bool = Field(False, description="Keep its weights and its normalisation's statistics.")
    unfreeze_at_epoch: Count | None = Field(
        None, description="With freeze: first epoch, counted from 0, in which it learns; null: it never does."
    )
    cache: bool = Field(
        False, description="With freeze: keep what it makes of each row, and compute it once in a training."
    )
    cache_limit_mb: Count = Field(4096, description="Mebibytes that cache keeps at most.")
    lr: PositiveFloat | None = Field(None, description="Learning rate of its own; null: the optimiser's.")
    weight_decay: NonNegativeFloat | None = Field(
        None, description="Weight decay of its own; null: the optimiser's."
    )
    optimizer: OwnOptimizer | None = Field(
        None, description="Optimiser of its own, under the same schedule; null: that of the composite."
    )
    layer_decay: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Factor of the learning rate from each layer to the one before; null: one rate for all.",
    )
    lora: LoraSettings | None = Field(
        None,
        description="Freeze it, and train adapters beside its layers by peft (extra pretrained); null: none.",
    )

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        if self.unfreeze_at_epoch is not None and not self.freeze:
            raise ValueError("unfreeze_at_epoch needs freeze: true")
        if self.cache and not (self.freeze and self.unfreeze_at_epoch is None):
            raise ValueError("cache needs freeze: true, and no unfreeze_at_epoch, as what learns changes")
        if self.init_path is not None and self.init_from is None:
            raise ValueError("init_path needs init_from, the file that it is a path in")
        if self.init_partly and self.init_from is None:
            raise ValueError("init_partly needs init_from, the file of which it takes what fits")
        if self.optimizer is not None and self.freeze and self.unfreeze_at_epoch is None:
            raise ValueError("what is frozen throughout needs no optimizer: leave one of the two out")
        if self.optimizer is not None and not (self.lr is self.weight_decay is None):
            raise ValueError("lr and weight_decay belong into optimizer, where there is one")
        if self.layer_decay is not None and self.freeze and self.unfreeze_at_epoch is None:
            raise ValueError("what is frozen throughout needs no layer_decay: leave one of the two out")
        if self.lora is not None and self.freeze:
            raise ValueError("lora freezes all but its adapters, which learn: leave freeze out")
        return self
