"""Answers of a composite of one's own, by its own ``predict_step``."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pytorch_lightning import LightningDataModule, LightningModule, Trainer
from pytorch_lightning.callbacks import BasePredictionWriter

from nested_lightning.app.answers import Answers
from nested_lightning.app.assembly.wiring.evaluating import quiet_trainer
from nested_lightning.app.assembly.wiring.prediction_files import to_csv, to_json_lines, to_json_list, to_npz
from nested_lightning.app.assembly.wiring.prediction_rows import Row, rows_of_loader
from nested_lightning.app.errors import UserError
from nested_lightning.app.training.loops import lacking_for

PATHS = "predict_paths"
"""The attribute of a datamodule that takes the files to predict for."""

_WRITERS = {"jsonl": to_json_lines, "json": to_json_list, "csv": to_csv, "npz": to_npz}


def lacking_predictor(model: LightningModule, datamodule: LightningDataModule | None, *, name: str) -> str:
    """Return why there is nothing to predict by, in a sentence; empty: there is."""
    lacking = ", and ".join(lacking_for("predict", model, datamodule))
    return lacking and (
        f"{name} has no predictor: {lacking}; add that, or call its model in Python, see from_checkpoint"
    )


def answer_by_step(
    model: LightningModule,
    datamodule: Callable[..., LightningDataModule | None],
    *,
    name: str,
    files: Sequence[Path] = (),
) -> Answers:
    """Return what the module's ``predict_step`` gives for each row of ``predict_dataloader``, in order.

    Args:
        model: The trained composite.
        datamodule: Gives the data; called with ``is_ready=False``, without reading those of the training.
        name: The family's section, for messages.
        files: What the datamodule's attribute ``predict_paths`` is set to; none: it is left as it is.

    Raises:
        UserError: There is no such step, loader or file, the datamodule takes no files, or there isn't one
            result for each row.
    """
    data = datamodule(is_ready=not files)
    if lacking := lacking_predictor(model, data, name=name):
        raise UserError(lacking)
    if files:
        _hand_over(data, files, name)
    by_loader = _Outputs()
    with quiet_trainer(model, callbacks=[by_loader]) as trainer:
        trainer.predict(model, datamodule=data, return_predictions=False, weights_only=True)
    rows = by_loader.rows(type(model).__name__)
    writers = {format_: partial(write, rows) for format_, write in _WRITERS.items()}
    return Answers(noun="predictions", count=len(rows), writers=writers)


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
