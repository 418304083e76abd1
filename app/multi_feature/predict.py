"""Predictions of a `MultiFeatureClassifier`: from a table without labels to what is said of its rows."""

from collections.abc import Mapping, Sequence
from contextlib import closing
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
from nested_lightning.app.errors import UserError, errors_naming, name_list
from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.encoding import encode_features, encode_rows
from nested_lightning.app.multi_feature.group_specs import Layout
from nested_lightning.app.multi_feature.model import MultiFeatureClassifier
from nested_lightning.app.multi_feature.picture_tables import pictures_at, pictures_by
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec
from nested_lightning.app.multi_feature.table_pictures import TablePictures
from nested_lightning.app.pictures.source import FolderSource, PictureSource
from nested_lightning.app.tables.answer_tables import TabularAnswers
from nested_lightning.app.tables.given_tables import index_of, note_others
from nested_lightning.app.tables.split_table import SplitTable
from nested_lightning.app.tables.table_file import read_table
from nested_lightning.app.tensors import require_finite


class MultiFeaturePredictor(Predictor[MultiFeatureClassifier, MultiFeatureDataSpec]):
    """Answers for rows of tables with the preparation that the model was trained with.

    They are what the model's objective gives: `ClassPredictions`, `NumberPredictions`, `LabelPredictions` or
    `SeveralPredictions`, see `app.multi_feature.objectives.predictions`.

    Args:
        picture_folder: Where the pictures lie that tables name, see `PictureFinder`.
        **options: See `Predictor`.
    """

    def __init__(self, *, picture_folder: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._picture_folder = picture_folder

    @checked_arguments
    def predict_file(self, path: str | Path) -> Any:
        """Predict for the rows of a CSV or Parquet file, where a label column is ignored; or for pictures.

        Args:
            path: The file; or, where the model needs nothing but a picture, a picture, a folder or a zip
                archive of such, in the order of `pictures_at`.

        Raises:
            UserError: The file can't be read, or lacks columns that the model needs.
        """
        return self.predict_listed(Path(path), pictures_at(Path(path)))

    @checked_arguments
    def predict_listed(self, path: Path, pictures: Sequence[str] | None) -> Any:
        """Predict for a file of which `pictures_at` was asked already, see `predict_file`."""
        if pictures is None:
            table = read_table(path, text_columns=self.data_spec.categorical)
        else:
            table = pa.table({_only_picture_column(self.data_spec): pictures})
        with errors_naming(path), closing(pictures_by(path)) as source:
            return self._say(self.encode(table, source))

    @checked_arguments
    def predict_table(self, table: InstanceOf[pa.Table]) -> Any:
        """Predict for the rows of a table with the columns of the training file; others are ignored.

        Raises:
            UserError: It has no rows, lacks columns that the model needs, or has values that can't be read.
        """
        return self._say(self.encode(table))

    @checked_arguments
    def encode(
        self, table: InstanceOf[pa.Table], source: SkipValidation[PictureSource | None] = None
    ) -> FeatureBatch:
        """Return the rows of a table as `predict` takes them, with the pictures of ``source`` that they name.

        Raises:
            UserError: As `predict_table`.
        """
        _refuse_nothing(table.num_rows)
        note_others(table.column_names, known=[*self._columns, *self._not_needed])
        pictures = self._pictures(table, source or FolderSource(Path()))
        return encode_features(table, self.data_spec, pictures)

    def _pictures(self, table: pa.Table, source: PictureSource) -> TablePictures:
        return TablePictures(table=table, source=source, folder=self._picture_folder, is_keeping=False)

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
            return self._say(rows)
        spec = self.data_spec
        texts, apart = frozenset(spec.categorical), spec.no_numbers
        table = SplitTable.of_given(
            rows, self._columns, apart=apart, text_columns=texts, ignored=self._not_needed
        )
        _refuse_nothing(table.num_rows)
        pictures = self._pictures(table.others, FolderSource(Path()))
        answers, index = self._say(encode_rows(table, spec, pictures)), index_of(rows)
        if index is None or not isinstance(answers, TabularAnswers):  # as an own objective's needn't be
            return answers
        return replace(answers, index=index)

    @property
    def _columns(self) -> list[str]:
        return [name for names in self.data_spec.column_names.values() for name in names]

    @property
    def _not_needed(self) -> list[str]:
        """Columns of the training file that may be there."""
        return [*self.data_spec.target_columns, *filter(None, [self.data_spec.weight])]

    @checked_arguments
    @torch.inference_mode()
    def answers(self, rows: InstanceOf[FeatureBatch]) -> Any:
        """Return what the objective decodes of all ``rows``, on the CPU; see `predict`.

        Raises:
            UserError: There is no row, the groups aren't the model's, or the answers aren't finite.
        """
        _refuse_nothing(len(rows))
        _refuse_other_groups(rows, self.data_spec.layouts)
        parts = []
        for number, start in enumerate(range(0, len(rows), self.batch_size)):
            batch = rows[start : start + self.batch_size].to(self.model.device)
            parts.append(map_tensors(self.model.predict_step(batch, number), Tensor.cpu))
        for answers in find_tensors({str(i): part for i, part in enumerate(parts)}):
            require_finite(answers)
        if isinstance(parts[0], Tensor):
            return torch.cat(parts)
        return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}

    def _say(self, rows: FeatureBatch) -> Any:
        return self.model.objective.predictions(self.answers(rows))


def _refuse_nothing(num_rows: int) -> None:
    if num_rows == 0:
        raise UserError("there are no rows to predict for")


def _refuse_other_groups(rows: FeatureBatch, wanted: Mapping[str, Layout]) -> None:
    shapes = {name: None if x is None else tuple(x.shape[1:]) for name, x in rows.features.items()}
    known = {name: layout.shape for name, layout in wanted.items()}
    fitting = [given in (None, known.get(name)) for name, given in shapes.items()]
    if shapes.keys() != known.keys() or not all(fitting):
        raise UserError(f"the model takes groups of these shapes: {known}; given were {shapes}")


def _only_picture_column(spec: MultiFeatureDataSpec) -> str:
    """Return the column that a model of pictures alone reads.

    Raises:
        UserError: It needs other columns.
    """
    others = [name for name in spec.layouts if name not in {one.name for one in spec.pictures}]
    if len(spec.pictures) != 1 or (others and not spec.allow_missing_groups):
        raise UserError(
            f"the model reads more than one picture: its groups are {name_list([*spec.layouts])}; give a"
            " table with their columns"
        )
    return spec.pictures[0].column
