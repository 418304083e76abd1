"""Makes any loader's batches exactly resumable, and shares them among processes."""

import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.utilities.combined_loader import CombinedLoader
from typing_extensions import override

from nested_lightning.app.data.remembering import noted_memory
from nested_lightning.app.data.replayed_loader import ReplayedLoader
from nested_lightning.app.data.reproducible_loader import ReproducibleLoader, is_ordered
from nested_lightning.app.data.resumable_loader import ResumableLoader, next_epoch
from nested_lightning.app.errors import UserError
from nested_lightning.app.foreign_files import foreign_file
from nested_lightning.app.temporary_attributes import temporary_attributes
from nested_lightning.app.training.epoch_callback import TemporaryChange

_TRAINING = "train_dataloader"
_LOADERS = (_TRAINING, "val_dataloader", "test_dataloader")


class ReproducibleData(TemporaryChange):
    """Puts loaders with a place in the epoch, which checkpoints hold, in the places of those without one.

    While a Trainer is at work, the methods of the datamodule that give loaders, or of the module where there
    is no datamodule, give a `ReproducibleLoader` or a `ReplayedLoader` of each. Loaders that have a state are
    left as they are. Each process goes through validation and test whole, so that what it logs is the score
    of all rows, whether it is averaged over the processes or not.

    Args:
        seed: Decides the order of samples, at least 0.
        is_shared: Whether processes that train together share the samples of such loaders in training.
        is_repeated: Whether each epoch has the batches of the first one.
    """

    def __init__(self, *, seed: int = 0, is_shared: bool = True, is_repeated: float = False) -> None:
        self._seed, self._is_shared, self._is_repeated = seed, is_shared, bool(is_repeated)
        self._places: list[dict[str, Any]] = []

    @override
    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        for name in _LOADERS:
            source = getattr(trainer, "datamodule", None) or pl_module
            given = self._taking_over(getattr(source, name), trainer, is_for_training=name == _TRAINING)
            self.changes.enter_context(temporary_attributes(source, **{name: given}))

    @override
    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Keep the places of the training's loaders until these are made.

        Lightning 2.6 leaves them aside in two cases: for a checkpoint taken at the end of an epoch, and when
        ``trainer.estimated_stepping_batches`` was read in ``configure_optimizers``, before anything was
        restored. The data of the first epoch would come once more.
        """
        loop = checkpoint.get("loops", {}).get("fit_loop", {})
        self._places = loop.get("state_dict", {}).get("combined_loader", [])
        if loop.get("epoch_loop.batch_progress", {}).get("is_last_batch", False):
            self._places[:] = map(next_epoch, self._places)  # for Lightning too, which takes them from here

    def _taking_over(
        self, give: Callable[[], Any], trainer: Trainer, *, is_for_training: bool
    ) -> Callable[[], Any]:
        @wraps(give)
        def given() -> Any:
            loaders = give()
            combined = loaders if isinstance(loaders, CombinedLoader) else CombinedLoader(loaders)
            combined.flattened = [self._take_over(one, is_for_training) for one in combined.flattened]
            if is_for_training:
                self._restore(combined, trainer)
            return combined if combined is loaders else combined.iterables

        return given

    def _take_over(self, loader: Any, is_for_training: bool) -> Any:
        if hasattr(loader, "state_dict") and hasattr(loader, "load_state_dict"):
            if self._is_repeated and is_for_training:
                _repeat(loader)
            return loader
        for note in noted_memory(loader) if is_for_training else ():
            warnings.warn(note, stacklevel=2)
        kind = ReproducibleLoader if is_ordered(loader) else ReplayedLoader
        is_shared = self._is_shared and is_for_training
        taken = kind(loader, seed=self._seed, is_for_training=is_for_training, is_shared=is_shared)
        taken.is_repeated = self._is_repeated and is_for_training
        return taken

    def _restore(self, combined: CombinedLoader, trainer: Trainer) -> None:
        places, self._places = self._places, []
        with foreign_file(trainer.ckpt_path):
            loaders = [one for one in combined.flattened if hasattr(one, "load_state_dict")]
            for loader, place in zip(loaders, places, strict=bool(places)):
                loader.load_state_dict(place)
        for loader in () if places else loaders:
            if isinstance(loader, ResumableLoader):  # made anew in the midst of a training
                loader.load_state_dict({"epoch": trainer.current_epoch, "position": 0})


def _repeat(loader: Any) -> None:
    """Have a loader with a place in the epoch give the batches of the first epoch in all of them."""
    if not isinstance(loader, ResumableLoader):
        raise UserError(
            f"trainer.overfit_batches: {type(loader).__name__} keeps its own place and order; give a plain"
            " DataLoader"
        )
    loader.is_repeated = True
