"""The recipe in the checkpoints of any composite, also of one that knows nothing of it."""

from typing import Any

from pytorch_lightning import LightningModule, Trainer
from typing_extensions import override

from nested_lightning.app.checkpoints.recipe import CHECKPOINT_KEY, Recipe
from nested_lightning.app.training.epoch_callback import EpochCallback


class RecipeWriter(EpochCallback):
    """Writes the ``recipe`` of the module that is trained into each checkpoint."""

    @override
    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        recipe = getattr(pl_module, "recipe", None)
        if isinstance(recipe, Recipe):
            checkpoint[CHECKPOINT_KEY] = recipe.json
