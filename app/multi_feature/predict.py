"""Predictions of a `MultiFeatureClassifier`: from a table without labels to what is said of its rows."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from pydantic import InstanceOf, SkipValidation
from torch import Tensor

from nested_lightning.app.answers import Predictor
from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.data.tensor_batch import find_tensors, map_tensors
from nested_lightning.app.errors import UserError, errors_naming
from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.encoding import encode_features
from nested_lightning.app.multi_feature.model import MultiFeatureClassifier
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec
from nested_lightning.app.tables.given_tables import index_of, note_others, to_table
from nested_lightning.app.tables.table_file import read_table
from nested_lightning.app.tensors import require_finite


class MultiFeaturePredictor(Predictor[MultiFeatureClassifier, MultiFeatureDataSpec]):
    """Answers for rows of tables with the preparation that the model was trained with.

    They are what the model's objective gives: `ClassPredictions`, `NumberPredictions`, `LabelPredictions` or
    `SeveralPredictions`, see `app.multi_feature.objectives.predictions`.
    """

    @checked_arguments
    def predict_file(self, path: str | Path) -> Any:
        """Predict for the rows of a CSV or Parquet file; a label column is ignored.

        Raises:
            UserError: The file can't be read, or lacks columns that the model needs.
        """
        table = read_table(Path(path), text_columns=self.data_spec.categorical)
        with errors_naming(path):
            return self.predict_table(table)

    @checked_arguments
    @torch.inference_mode()
    def predict_table(self, table: InstanceOf[pa.Table]) -> Any:
        """Predict for the rows of a table with the columns of the training file; others are ignored.

        Raises:
            UserError: It has no rows, lacks columns that the model needs, or has values that can't be read.
        """
        _refuse_nothing(table.num_rows)
        known = {self.data_spec.weight or "", *self.data_spec.target_columns, *self._columns}
        note_others(table.column_names, known=known)
        return self._predict(encode_features(table, self.data_spec))

    @checked_arguments
    @torch.inference_mode()
    def predict(self, rows: SkipValidation[Any]) -> Any:
        """Predict for rows: one or many, as a program holds them.

        Args:
            rows: With the columns of the training file; others are ignored: a data frame of pandas or polars,
                a table of Arrow, a mapping of columns, a row as a mapping or a list of such, an array of
                numpy, see `to_table`; or a `FeatureBatch`, which is encoded already.

        Raises:
            UserError: There is no row, columns that the model needs are missing, values can't be read, the
                groups of a batch aren't the model's, or the model's answers aren't finite.
        """
        if isinstance(rows, FeatureBatch):
            return self._predict(rows)
        spec = self.data_spec
        table = to_table(rows, self._columns, text_columns=set(spec.categorical), ignored=spec.target_columns)
        return replace(self.predict_table(table), index=index_of(rows))

    @property
    def _columns(self) -> list[str]:
        return [name for names in self.data_spec.column_names.values() for name in names]

    @torch.inference_mode()
    def answers(self, rows: FeatureBatch) -> Any:
        """Return what the objective decodes of all ``rows``, on the CPU; see `predict`.

        Raises:
            UserError: There is no row, the groups aren't the model's, or the answers aren't finite.
        """
        _refuse_nothing(len(rows))
        _refuse_other_groups(rows, self.data_spec.widths)
        parts = []
        for number, start in enumerate(range(0, len(rows), self.batch_size)):
            batch = rows[start : start + self.batch_size].to(self.model.device)
            parts.append(map_tensors(self.model.predict_step(batch, number), Tensor.cpu))
        for answers in find_tensors({str(i): part for i, part in enumerate(parts)}):
            require_finite(answers)
        if isinstance(parts[0], Tensor):
            return torch.cat(parts)
        return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}

    def _predict(self, rows: FeatureBatch) -> Any:
        return self.model.objective.predictions(self.answers(rows))


def _refuse_nothing(num_rows: int) -> None:
    if num_rows == 0:
        raise UserError("there are no rows to predict for")


def _refuse_other_groups(rows: FeatureBatch, wanted: Mapping[str, int]) -> None:
    widths = {name: None if x is None else tuple(x.shape[1:]) for name, x in rows.features.items()}
    fitting = [given in (None, (wanted.get(name),)) for name, given in widths.items()]
    if widths.keys() != wanted.keys() or not all(fitting):
        raise UserError(f"the model takes groups of these widths: {wanted}; given were {widths}")
