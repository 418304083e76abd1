"""What the settings say of a single submodule's training."""

from dataclasses import dataclass
from pathlib import Path

from nested_lightning.app.training.adapters import Lora
from nested_lightning.app.training.optimization import OptimizerFactory


@dataclass(frozen=True, kw_only=True)
class SubmodulePolicy:
    """What a submodule starts from, and how it learns.

    Attributes:
        init_from: Checkpoint or exported file that has its first weights; None: they stay as they were drawn.
        init_path: Path of the submodule there, the family's name first; None: the same path. In a file that
            isn't ours: what its names begin with; None: the whole file is the submodule. ``*`` in it is the
            submodule's own name.
        init_partly: Whether what fits is taken where not everything does; else that is an error.
        freeze: Whether its weights and its normalisation's statistics are kept.
        unfreeze_at_epoch: First epoch, counted from 0, in which it learns all the same; None: none.
        cache: Whether what it makes of each row, frozen, is computed once, see `FeatureCache`.
        cache_limit_mb: Mebibytes of it at most.
        lr: Learning rate of its own; None: the optimiser's.
        weight_decay: Weight decay of its own; None: the optimiser's.
        optimizer: Builds an optimiser of its own; None: it has that of the composite.
        layer_decay: Factor of the rate from each of its layers to the one before; None: all have one rate.
        lora: Adapters that it was built with, and that alone learn; None: it has none.
    """

    init_from: Path | None = None
    init_path: str | None = None
    init_partly: bool = False
    freeze: bool = False
    unfreeze_at_epoch: int | None = None
    cache: bool = False
    cache_limit_mb: int = 4096
    lr: float | None = None
    weight_decay: float | None = None
    optimizer: OptimizerFactory | None = None
    layer_decay: float | None = None
    lora: Lora | None = None
