"""The file's name in whatever goes wrong while a training is restored from a checkpoint."""

from typing import Any

from pytorch_lightning import Trainer
from pytorch_lightning.trainer.connectors.checkpoint_connector import _CheckpointConnector
from typing_extensions import override

from nested_lightning.app.checkpoints.state_kinds import refuse_other_kinds, refuse_other_memory
from nested_lightning.app.foreign_files import foreign_file
from nested_lightning.app.seam.versions import are_tested
from nested_lightning.app.temporary_attributes import temporary_attributes


def name_checkpoint_in_faults(trainer: Trainer) -> None:
    """Have a Trainer raise a `UserError` where a checkpoint's content is none to go on from.

    With versions that weren't tested it is left as it is.
    """
    if are_tested():
        trainer._checkpoint_connector = _NamingConnector(trainer)


class _NamingConnector(_CheckpointConnector):
    @override
    def _restore_modules_and_callbacks(
        self, checkpoint_path: Any = None, weights_only: bool | None = None
    ) -> None:
        with foreign_file(checkpoint_path):
            super()._restore_modules_and_callbacks(checkpoint_path, weights_only)

    @override
    def restore_training_state(self) -> None:
        with foreign_file(self._ckpt_path):
            self._check_kinds()
            super().restore_training_state()

    @override
    def restore_loops(self) -> None:
        """Restore them as without a limit of steps, where Lightning knows an epoch that has ended."""
        with temporary_attributes(self.trainer.fit_loop.epoch_loop, max_steps=-1):
            super().restore_loops()

    def _check_kinds(self) -> None:
        checkpoint = self._loaded_checkpoint
        for saved, optimizer in zip(
            checkpoint.get("optimizer_states", ()), self.trainer.optimizers, strict=False
        ):
            refuse_other_kinds(saved, optimizer.state_dict(), "optimizer_states")
            refuse_other_memory(saved.get("state", {}), optimizer, "optimizer_states.state")
        schedules = [config.scheduler for config in self.trainer.lr_scheduler_configs]
        for saved, schedule in zip(checkpoint.get("lr_schedulers", ()), schedules, strict=False):
            refuse_other_kinds(saved, schedule.state_dict(), "lr_schedulers")


def dump_checkpoint(trainer: Trainer) -> dict[str, Any]:
    """Return what a Trainer would save now, by all hooks; nothing, with versions that weren't tested.

    Every process has to call this at the same step.
    """
    if not are_tested():
        return {}
    return trainer._checkpoint_connector.dump_checkpoint(weights_only=False)
