"""Answers of a composite of one's own, by its own ``predict_step``."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.utilities import move_data_to_device
from pytorch_lightning import LightningDataModule, LightningModule, Trainer
from pytorch_lightning.callbacks import BasePredictionWriter

from nested_lightning.app.answers import Answers
from nested_lightning.app.errors import UserError
from nested_lightning.app.own.evaluate import quiet_trainer
from nested_lightning.app.own.prediction_rows import Row, rows_of, rows_of_loader
from nested_lightning.app.record_files import record_writers
from nested_lightning.app.training.loops import call_step, has_step, lacking_for

PATHS = "predict_paths"
"""The attribute of a datamodule that takes the files to predict for."""


def lacking_predictor(model: LightningModule, datamodule: LightningDataModule | None, *, name: str) -> str:
    """Return why there is nothing to predict by, in a sentence; empty: there is."""
    lacking = ", and ".join(lacking_for("predict", model, datamodule))
    return lacking and (
        f"{name} has no predictor: {lacking}; add that, or call its model in Python, see from_checkpoint"
    )


class OwnPredictor:
    """Answers by a module's own ``predict_step``: a result for each row, by name.

    Args:
        model: The trained composite. It is put into evaluation mode.
        datamodule: Gives the data; called with ``is_ready=False``, without reading those of the training.
        name: The family's section, for messages.

    Raises:
        UserError: There is no such step.
    """

    def __init__(
        self, *, model: LightningModule, datamodule: Callable[..., LightningDataModule | None], name: str
    ) -> None:
        self.model, self._datamodule, self._name = model.eval(), datamodule, name
        if not has_step("predict", model):
            raise UserError(lacking_predictor(model, datamodule(is_ready=False), name=name))

    @property
    def takes_files(self) -> bool:
        """Whether `predict_files` may be called with files."""
        data = self._datamodule(is_ready=False)
        return hasattr(data, PATHS) and not lacking_predictor(self.model, data, name=self._name)

    @torch.inference_mode()
    def predict(self, batch: Any) -> list[Row]:
        """Return the results for the rows of one batch, which ``predict_step`` gets as it is.

        It may be called from many threads at once, if the step may.

        Raises:
            UserError: There isn't one result for each row.
        """
        given = move_data_to_device(batch, self.model.device)
        return rows_of(call_step(self.model.predict_step, given), owner=type(self.model).__name__)

    def predict_files(self, *files: str | Path) -> list[Row]:
        """Return the results for the rows of ``predict_dataloader``, in the order of the data.

        Args:
            *files: What the datamodule's attribute ``predict_paths`` is set to; none: it is left as it is.

        Raises:
            UserError: There is no such loader or file, the datamodule takes no files, or there isn't one
                result for each row.
        """
        data = self._datamodule(is_ready=not files)
        if lacking := lacking_predictor(self.model, data, name=self._name):
            raise UserError(lacking)
        if files:
            _hand_over(data, [*map(Path, files)], self._name)
        by_loader = _Outputs()
        with quiet_trainer(self.model, callbacks=[by_loader]) as trainer:
            trainer.predict(self.model, datamodule=data, return_predictions=False, weights_only=True)
        return by_loader.rows(type(self.model).__name__)


def answer_files(predictor: OwnPredictor, *, files: Sequence[Path] = ()) -> Answers:
    """Return the results of `OwnPredictor.predict_files`, which says what ``files`` are."""
    rows = predictor.predict_files(*files)
    return Answers(noun="predictions", count=len(rows), writers=record_writers(rows))


def _hand_over(datamodule: Any, files: Sequence[Path], name: str) -> None:
    if not hasattr(datamodule, PATHS):
        taker = "it a datamodule with" if datamodule is None else type(datamodule).__name__
        raise UserError(
            f"{name} takes no files: give {taker} the attribute {PATHS}, which predict sets to them before"
            " setup('predict'); or leave them out"
        )
    for file in files:
        if not file.exists():
            raise UserError(f"{file}: there is no such file")
    setattr(datamodule, PATHS, [*files])


class _Outputs(BasePredictionWriter):
    """Keeps what the step gave for each batch of each loader, and which rows these batches had."""

    def __init__(self) -> None:
        super().__init__("epoch")
        self._outputs: Sequence[Any] = ()
        self._indices: Sequence[Any] = ()

    def write_on_epoch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        predictions: Sequence[Any],
        batch_indices: Sequence[Any],
    ) -> None:
        """Keep them: of one loader, predictions come without a list around them."""
        is_one = len(batch_indices) == 1
        self._outputs, self._indices = [predictions] if is_one else predictions, batch_indices

    def rows(self, owner: str) -> list[Row]:
        """Return the results of one loader after the other."""
        loaders = zip(self._outputs, self._indices, strict=True)
        return [row for one, indices in loaders for row in rows_of_loader(one, indices, owner=owner)]
