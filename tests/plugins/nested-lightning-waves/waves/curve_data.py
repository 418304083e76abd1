"""The data of the family curve-fit: a table of numbers, one column of which depends on the others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import torch
from pytorch_lightning import LightningDataModule
from torch import Tensor

from nested_lightning.app.data.batch_loader import BatchLoader
from nested_lightning.app.data.data_spec import DataSpec
from nested_lightning.app.data.fingerprint import fingerprint
from nested_lightning.app.data.tensor_batch import TensorBatch
from nested_lightning.app.errors import UserError
from nested_lightning.app.tables.table_file import read_table


@dataclass(frozen=True, kw_only=True)
class CurveDataSpec(DataSpec):
    """What a model must know of the table.

    Attributes:
        columns: The inputs, in order.
        label: The column that depends on them.
    """

    family: ClassVar[str] = "curve-fit"

    columns: tuple[str, ...]
    label: str


@dataclass
class CurveBatch(TensorBatch):
    """Rows of a table.

    Attributes:
        inputs: [B, F], float32.
        target: [B], float32; None: it is to be predicted.
    """

    inputs: Tensor
    target: Tensor | None = None


def encode_rows(table: pa.Table, columns: tuple[str, ...]) -> Tensor:
    """Return the columns of a table as [N, F], float32.

    Raises:
        UserError: A column is missing, or holds no numbers.
    """
    try:
        values = [torch.tensor(table[name].to_pylist(), dtype=torch.float32) for name in columns]
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"columns of numbers are needed: {', '.join(columns)} ({error})") from None
    return torch.stack(values, dim=1)


def sine_table() -> pa.Table:
    """Return 120 points of a sine with two harmonics."""
    x = torch.linspace(-3, 3, 120)
    return pa.table({"x": x.numpy(), "y": (torch.sin(2 * x) + 0.5 * torch.cos(5 * x)).numpy()})


class CurveDataModule(LightningDataModule):
    """Reads a table once; every fifth row validates, the one behind it tests.

    Args:
        path: CSV or Parquet file; None: a sine that is computed.
        label: Column that depends on the others.
        batch_size: Rows of a training batch.
        seed: Decides the order of the training batches.
        data_spec: That of a trained model; None: as the table says.
    """

    def __init__(
        self, *, path: Path | None, label: str, batch_size: int, seed: int, data_spec: CurveDataSpec | None
    ) -> None:
        super().__init__()
        self._path = path
        self._label = label
        self._batch_size = batch_size
        self._seed = seed
        self._given_spec = data_spec

    @cached_property
    def data_spec(self) -> CurveDataSpec:
        """Columns of the table, or what was given."""
        if self._given_spec:
            return self._given_spec
        columns = tuple(name for name in self._table.column_names if name != self._label)
        return CurveDataSpec(columns=columns, label=self._label, fingerprint=self.fingerprint)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the table."""
        return fingerprint(self._table.to_pydict())

    def part(self, name: str) -> CurveBatch:
        """Return all rows of ``train``, ``val`` or ``test``."""
        spec = self.data_spec
        rows = CurveBatch(
            encode_rows(self._table, spec.columns), encode_rows(self._table, (spec.label,)).squeeze(1)
        )
        place = torch.arange(len(rows)) % 5
        return rows[{"train": place < 3, "val": place == 3, "test": place == 4}[name]]

    def train_dataloader(self) -> BatchLoader[CurveBatch]:
        """Return shuffled batches."""
        return BatchLoader(
            data=self.part("train"), batch_size=self._batch_size, seed=self._seed, is_shuffled=True
        )

    def val_dataloader(self) -> BatchLoader[CurveBatch]:
        """Return the validation part in order."""
        return BatchLoader(data=self.part("val"), batch_size=1024)

    def test_dataloader(self) -> BatchLoader[CurveBatch]:
        """Return the test part in order."""
        return BatchLoader(data=self.part("test"), batch_size=1024)

    @cached_property
    def _table(self) -> pa.Table:
        return sine_table() if self._path is None else read_table(self._path)


def example_batches(
    data_spec: CurveDataSpec, *, num_samples: int = 2, device: str = "meta"
) -> list[CurveBatch]:
    """Return a batch of the table's shape, for checks."""
    inputs = torch.rand(num_samples, len(data_spec.columns), device=device)
    return [CurveBatch(inputs, torch.rand(num_samples, device=device))]


def real_batches(datamodule: CurveDataModule, *, num_samples: int = 2) -> list[CurveBatch]:
    """Return a batch of the first rows of training, for checks."""
    return [datamodule.part("train")[:num_samples]]
