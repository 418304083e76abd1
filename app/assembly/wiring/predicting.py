"""Answers of a composite of one's own, by its own ``predict_step``."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytorch_lightning import LightningDataModule, LightningModule
from torch import Tensor

from nested_lightning.app.answers import Answers, to_utf8
from nested_lightning.app.assembly.wiring.evaluating import quiet_trainer
from nested_lightning.app.errors import UserError
from nested_lightning.app.strict_json import to_json_line

_PREDICTION = "prediction"
"""The name of what a ``predict_step`` gives without one."""


def answer_by_step(model: LightningModule, datamodule: LightningDataModule | None, *, name: str) -> Answers:
    """Return what the module's ``predict_step`` gives for the datamodule's ``predict_dataloader``.

    Args:
        model: The trained composite.
        datamodule: The data.
        name: The family's section, for messages.

    Raises:
        UserError: There is no such step or loader, or the step gives something else than rows.
    """
    has_step = type(model).predict_step is not LightningModule.predict_step
    loader = getattr(type(datamodule), "predict_dataloader", None)
    if datamodule is None or not has_step or loader is LightningDataModule.predict_dataloader:
        raise UserError(
            f"{name} has no predictor: give its module a predict_step and its datamodule a"
            " predict_dataloader, or call its model in Python, see from_checkpoint"
        )
    found = quiet_trainer(model).predict(model, datamodule=datamodule, weights_only=True)
    rows = [row for one in _batches(found or []) for row in _rows(one, type(model).__name__)]
    writers = {"jsonl": lambda: _to_json_lines(rows), "csv": lambda: _to_csv(rows)}
    return Answers(noun="predictions", count=len(rows), writers=writers)


def _batches(found: Sequence[Any]) -> Iterator[Any]:
    """Yield what the step gave for each batch, also of several loaders."""
    for one in found:
        yield from one if isinstance(one, list) else [one]


def _rows(batch: Any, owner: str) -> Iterator[dict[str, Any]]:
    columns = batch if isinstance(batch, Mapping) else {_PREDICTION: batch}
    tensors = [one for one in columns.values() if isinstance(one, Tensor) and one.ndim]
    if not tensors or len(tensors) < len(columns) or len({len(one) for one in tensors}) > 1:
        raise UserError(
            f"{owner}.predict_step gives {type(batch).__name__}: let it give a tensor, or a mapping of"
            " tensors, with a row for each sample"
        )
    values = [one.tolist() for one in tensors]
    for row in zip(*values, strict=True):
        yield dict(zip(map(str, columns), row, strict=True))


def _to_json_lines(rows: Sequence[Mapping[str, Any]]) -> bytes:
    return to_utf8("".join(f"{to_json_line(row)}\n" for row in rows))


def _to_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    flat = [dict(_cells(row)) for row in rows]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(flat[0]) if flat else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return to_utf8(text.getvalue())


def _cells(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield a column for each number, those of a vector numbered."""
    for name, value in row.items():
        if not isinstance(value, list):
            yield name, value
        elif any(isinstance(one, list) for one in value):
            raise UserError(f"{name} has more than one dimension for each sample: take the format jsonl")
        else:
            yield from ((f"{name}_{i}", one) for i, one in enumerate(value))
