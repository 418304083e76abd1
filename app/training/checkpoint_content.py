"""What checkpoints hold of any composite: its recipe, and nothing that none could hold."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from pytorch_lightning import Callback, LightningDataModule, LightningModule, Trainer
from typing_extensions import override

from nested_lightning.app.checkpoints.recipe import CHECKPOINT_KEY, Recipe
from nested_lightning.app.checkpoints.storable import to_storable
from nested_lightning.app.errors import UserError
from nested_lightning.app.seam.restoring import dump_checkpoint
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


class StorableState(EpochCallback):
    """Refuses to train what has a state, or hyper-parameters, that no checkpoint can hold."""

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Look through what a checkpoint would hold now.

        Raises:
            UserError: Something in it is neither a tensor nor plain, and is named by its key; or callbacks
                would share a state.
        """
        refuse_one_key(trainer.callbacks)  # type: ignore[attr-defined]
        content: dict[str, Any] = {}
        with suppress(Exception):  # a hook may have no state yet; saving reports it later
            content = dump_checkpoint(trainer)
        to_storable(content)


def refuse_one_key(callbacks: Sequence[Callback]) -> None:
    """Refuse callbacks that a checkpoint can't tell apart: each would get the state of the last one.

    Raises:
        UserError: There are such.
    """
    keys = Counter(callback.state_key for callback in callbacks if callback.state_dict())
    for key, count in keys.items():
        if count > 1:
            raise UserError(
                f"{count} callbacks would have one state in a checkpoint, {key}: let them monitor different"
                " values, or give one a class of its own"
            )


def refuse_unstorable(model: LightningModule, datamodule: LightningDataModule | None) -> None:
    """Look through what is known without a training of what its checkpoints would hold.

    Raises:
        UserError: Something in it is neither a tensor nor plain; it is named by its key.
    """
    content: dict[str, Any] = {model.CHECKPOINT_HYPER_PARAMS_KEY: dict(model.hparams)}
    if datamodule is not None:
        content[datamodule.CHECKPOINT_HYPER_PARAMS_KEY] = dict(datamodule.hparams)
    with suppress(Exception):  # a state may exist only during a training
        content[type(datamodule).__qualname__] = datamodule.state_dict() if datamodule else {}
    with suppress(Exception):
        callbacks: Any = model.configure_callbacks()
        listed = callbacks if isinstance(callbacks, Sequence) else [callbacks]
        content["callbacks"] = {callback.state_key: callback.state_dict() for callback in listed}
    to_storable(content)
