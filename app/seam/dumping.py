"""The content of a checkpoint, without a file."""

from typing import Any

from pytorch_lightning import Trainer

from nested_lightning.app.seam.versions import are_tested


def dump_checkpoint(trainer: Trainer) -> dict[str, Any]:
    """Return what a Trainer would save now, by all hooks; nothing, with versions that weren't tested.

    Every process has to call this at the same step.
    """
    if not are_tested():
        return {}
    return trainer._checkpoint_connector.dump_checkpoint(weights_only=False)
