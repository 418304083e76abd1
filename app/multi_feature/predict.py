"""Predictions of a `MultiFeatureClassifier`: from a table without labels to classes and probabilities."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from pydantic import InstanceOf, SkipValidation
from torch import Tensor

from nested_lightning.app.answers import Predictor
from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.errors import UserError, errors_naming
from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.encoding import encode_features
from nested_lightning.app.multi_feature.model import MultiFeatureClassifier
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec
from nested_lightning.app.tables.answer_tables import TabularAnswers
from nested_lightning.app.tables.given_tables import index_of, note_others, to_table
from nested_lightning.app.tables.table_file import read_table
from nested_lightning.app.tensors import require_finite


@dataclass(frozen=True, kw_only=True)
class ClassPredictions(TabularAnswers):
    """What a classifier says of some rows.

    Attributes:
        class_names: Names of the C classes.
        probabilities: [N, C], float32, on the CPU; each row sums to 1.
    """

    class_names: tuple[str, ...]
    probabilities: Tensor

    @property
    def classes(self) -> list[str]:
        """The most probable class of each row."""
        return [self.class_names[i] for i in self.probabilities.argmax(dim=1).tolist()]

    def to_table(self) -> pa.Table:
        """Return the columns ``prediction`` and ``probability_NAME`` for each class."""
        numbered = enumerate(self.class_names)
        columns = {f"probability_{name}": self.probabilities[:, i].numpy() for i, name in numbered}
        return pa.table({"prediction": self.classes, **columns})

    def __len__(self) -> int:
        return len(self.probabilities)

    def to_records(self) -> list[dict[str, Any]]:
        """Return the rows of `to_table`."""
        table = self.to_table()
        columns = [column.to_numpy() for column in table.columns]
        return [dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]


class MultiFeaturePredictor(Predictor[MultiFeatureClassifier, MultiFeatureDataSpec]):
    """Classifies rows of tables with the preparation that the model was trained with."""

    @checked_arguments
    def predict_file(self, path: str | Path) -> ClassPredictions:
        """Classify the rows of a CSV or Parquet file; a label column is ignored.

        Raises:
            UserError: The file can't be read, or lacks columns that the model needs.
        """
        table = read_table(Path(path), text_columns=self.data_spec.categorical)
        with errors_naming(path):
            return self.predict_table(table)

    @checked_arguments
    @torch.inference_mode()
    def predict_table(self, table: InstanceOf[pa.Table]) -> ClassPredictions:
        """Classify the rows of a table with the columns of the training file; others are ignored.

        Raises:
            UserError: It has no rows, lacks columns that the model needs, or has values that can't be read.
        """
        _refuse_nothing(table.num_rows)
        note_others(table.column_names, known={self.data_spec.label, *self._columns})
        return self._classify(encode_features(table, self.data_spec))

    @checked_arguments
    @torch.inference_mode()
    def predict(self, rows: SkipValidation[Any]) -> ClassPredictions:
        """Classify rows: one or many, as a program holds them.

        Args:
            rows: With the columns of the training file; others are ignored: a data frame of pandas or polars,
                a table of Arrow, a mapping of columns, a row as a mapping or a list of such, an array of
                numpy, see `to_table`; or a `FeatureBatch`, which is encoded already.

        Raises:
            UserError: There is no row, columns that the model needs are missing, values can't be read, the
                groups of a batch aren't the model's, or the model's answers aren't finite.
        """
        if isinstance(rows, FeatureBatch):
            return self._classify(rows)
        spec = self.data_spec
        table = to_table(rows, self._columns, text_columns=set(spec.categorical), ignored=[spec.label])
        return replace(self.predict_table(table), index=index_of(rows))

    @property
    def _columns(self) -> list[str]:
        return [name for names in self.data_spec.column_names.values() for name in names]

    def _classify(self, rows: FeatureBatch) -> ClassPredictions:
        _refuse_nothing(len(rows))
        _refuse_other_groups(rows, self.data_spec.widths)
        parts = []
        for number, start in enumerate(range(0, len(rows), self.batch_size)):
            batch = rows[start : start + self.batch_size].to(self.model.device)
            parts.append(require_finite(self.model.predict_step(batch, number)).cpu())
        return ClassPredictions(class_names=self.data_spec.class_names, probabilities=torch.cat(parts))


def _refuse_nothing(num_rows: int) -> None:
    if num_rows == 0:
        raise UserError("there are no rows to classify")


def _refuse_other_groups(rows: FeatureBatch, wanted: Mapping[str, int]) -> None:
    widths = {name: None if x is None else tuple(x.shape[1:]) for name, x in rows.features.items()}
    fitting = [given in (None, (wanted.get(name),)) for name, given in widths.items()]
    if widths.keys() != wanted.keys() or not all(fitting):
        raise UserError(f"the model takes groups of these widths: {wanted}; given were {widths}")
