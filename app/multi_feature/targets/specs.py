"""What a model must know of the column that it predicts: plain facts that a checkpoint carries.

torch is imported where tensors are made, as exported models need these facts without it.

Shapes: N rows, C classes, K labels.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import compute
from pydantic import Field, FiniteFloat

from nested_lightning.app.data.data_spec import Facts
from nested_lightning.app.errors import RowError, name_list
from nested_lightning.app.tables.column_values import Numbers
from nested_lightning.app.tables.labels import encode_labels

if TYPE_CHECKING:
    from torch import Tensor

Kind = Literal["classes", "binary", "number", "counts", "labels"]
PositiveFloat = Annotated[FiniteFloat, Field(gt=0)]


@dataclass(frozen=True, kw_only=True)
class ClassTarget(Facts):
    """A column of classes.

    Attributes:
        kind: ``classes``, or ``binary`` for two of which the second is the positive one.
        column: The column's name in the file.
        names: Name of each class, by class index.
        counts: Training rows of each class, by class index.
    """

    kind: Literal["classes", "binary"] = "classes"
    column: str
    names: Annotated[tuple[str, ...], Field(min_length=2)]
    counts: tuple[int, ...]

    def encode(self, values: pa.StringArray) -> Tensor:
        """Return class indices, int64 of [N].

        Raises:
            UserError: A value is missing or no class.
        """
        import torch

        return torch.from_numpy(encode_labels(values, self.names))

    def decode(self, encoded: Tensor) -> list[str]:
        """Return the names of class indices of [N]."""
        return [self.names[i] for i in encoded.tolist()]

    def example(self, num_rows: int) -> Tensor:
        """Return what `encode` may give of that many rows."""
        import torch

        return torch.arange(num_rows) % len(self.names)

    @property
    def shares(self) -> Tensor:
        """Share of each class in the training part, float32 of [C]."""
        import torch

        counts = torch.tensor(self.counts, dtype=torch.float32)
        return counts / counts.sum()

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the rows of a head's weights stand for."""
        return self.names[1:] if self.kind == "binary" else self.names


class _OneNumber(Facts):
    """What columns of a number for each row have in common."""

    column: str

    def example(self, num_rows: int) -> Tensor:
        """Return what `encode` may give of that many rows."""
        import torch

        return torch.arange(num_rows).float()

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the rows of a head's weights stand for."""
        return (self.column,)


@dataclass(frozen=True, kw_only=True)
class NumberTarget(_OneNumber):
    """A column of numbers, with mean and population standard deviation of the training part."""

    kind: Literal["number"] = "number"
    column: str
    mean: FiniteFloat
    scale: PositiveFloat

    def encode(self, values: Numbers) -> Tensor:
        """Return standardised numbers, float32 of [N]."""
        import torch

        return torch.from_numpy(((values - self.mean) / self.scale).astype(np.float32))

    def decode(self, encoded: Tensor) -> list[float]:
        """Return what standardised numbers of [N] are in the file."""
        numbers: list[float] = self.in_units(encoded).tolist()
        return numbers

    def in_units(self, standardised: Tensor) -> Tensor:
        """Return what standardised numbers are in the file, float64 of the same shape."""
        from nested_lightning.app.tensors import to_double

        return to_double(standardised) * self.scale + self.mean


@dataclass(frozen=True, kw_only=True)
class CountTarget(_OneNumber):
    """A column of counts: whole numbers, 0 or more, with the mean of the training part."""

    kind: Literal["counts"] = "counts"
    column: str
    mean: PositiveFloat

    def encode(self, values: Numbers) -> Tensor:
        """Return the counts, float32 of [N].

        Raises:
            RowError: One is negative or has a fraction; the message names the first row.
        """
        refuse_other_than_counts(values, self.column)
        import torch

        return torch.from_numpy(values.astype(np.float32))

    def decode(self, encoded: Tensor) -> list[float]:
        """Return counts of [N] as they are."""
        counts: list[float] = encoded.tolist()
        return counts


@dataclass(frozen=True, kw_only=True)
class LabelTarget(Facts):
    """A column of sets of labels: any number of them for a row, none included.

    Attributes:
        column: The column's name in the file.
        names: The labels, by their index.
        counts: Training rows with each label.
        num_rows: All training rows.
        separator: What stands between the labels of a cell; None: cells are lists.
    """

    kind: Literal["labels"] = "labels"
    column: str
    names: Annotated[tuple[str, ...], Field(min_length=1)]
    counts: tuple[int, ...]
    num_rows: int
    separator: str | None = None

    def encode(self, values: pa.ListArray) -> Tensor:
        """Return 1 where a row has a label, else 0, float32 of [N, K].

        Raises:
            RowError: A label is none that the model knows; the message names the first row.
        """
        import torch

        return torch.from_numpy(encode_label_sets(values, self.names, self.column))

    def decode(self, encoded: Tensor) -> list[str]:
        """Return the labels of N rows, each in one text."""
        return [self.joined(names) for names in self.sets(encoded.bool())]

    def sets(self, flags: Tensor | npt.NDArray[np.bool_]) -> list[list[str]]:
        """Return the labels of N rows, by whether each has them, bool of [N, K]."""
        return [[name for name, has in zip(self.names, row, strict=True) if has] for row in flags.tolist()]

    def joined(self, names: Iterable[str]) -> str:
        """Return labels in one text, with the file's separator; where it has lists, with a bar."""
        return (self.separator or "|").join(names)

    def example(self, num_rows: int) -> Tensor:
        """Return what `encode` may give of that many rows."""
        import torch

        return (torch.arange(num_rows)[:, None] == torch.arange(len(self.names))).float()

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the rows of a head's weights stand for."""
        return self.names


Target: TypeAlias = ClassTarget | NumberTarget | CountTarget | LabelTarget


def refuse_other_than_counts(values: Numbers, column: str) -> None:
    """Refuse numbers that count nothing."""
    is_wrong = (values < 0) | (values != np.floor(values))
    if is_wrong.any():
        row = int(is_wrong.argmax())
        raise RowError(
            f"column '{column}' holds {values[row]:g}, first in row {{row}}, and counts are whole numbers"
            " of at least 0; multi_feature.objective.kind=number takes any number",
            row=row,
        )


def encode_label_sets(values: pa.ListArray, names: tuple[str, ...], column: str) -> npt.NDArray[np.float32]:
    """Return 1 where a row has a label, else 0, of [N, K].

    Raises:
        RowError: A label isn't in ``names``; the message names the first row.
    """
    encoded = np.zeros((len(values), len(names)), dtype=np.float32)
    rows = np.repeat(np.arange(len(values)), values.value_lengths().fill_null(0).to_numpy())
    labels = values.flatten()
    codes = compute.index_in(labels, value_set=pa.array(names, pa.string())).fill_null(-1).to_numpy()
    if (codes < 0).any():
        first = int((codes < 0).argmax())
        raise RowError(
            f"column '{column}' holds the label '{labels[first].as_py()}', first in row {{row}},"
            f" which the model does not know; it knows {name_list(names, limit=20)}",
            row=int(rows[first]),
        )
    encoded[rows, codes] = 1.0
    return encoded
