"""What all composites share: the recipe in their checkpoints, and callbacks of their own."""

from collections.abc import Sequence
from typing import Any

from pytorch_lightning import Callback

from app.checkpoints.recipe import CHECKPOINT_KEY, Recipe
from app.training.quick_hooks import QuickHooks


class Composite(QuickHooks):
    """A Lightning module that conducts injected submodules.

    Args:
        recipe: What is written into each checkpoint, so that the file is enough to build this again;
            None: the checkpoint holds weights alone.
        callbacks: Run in each training of this composite, besides those of the Trainer, e.g. to write
            pictures. The run folder is ``trainer.default_root_dir``.
    """

    def __init__(self, *, recipe: Recipe | None = None, callbacks: Sequence[Callback] = ()) -> None:
        super().__init__()
        self.recipe = recipe
        self._callbacks = list(callbacks)

    def configure_callbacks(self) -> list[Callback]:
        """Return the composite's own callbacks."""
        return self._callbacks

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Write the recipe into the checkpoint."""
        if self.recipe is not None:
            checkpoint[CHECKPOINT_KEY] = self.recipe.json
