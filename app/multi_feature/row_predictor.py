"""From a table without labels to what is said of its rows, by torch or an exported model."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
from pydantic import InstanceOf, SkipValidation

from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.errors import UserError, errors_naming, name_list
from nested_lightning.app.multi_feature.encoding import ReadRows, columns_there, read_rows
from nested_lightning.app.multi_feature.objectives.predictions import TabularAnswers
from nested_lightning.app.multi_feature.picture_column import TablePictures
from nested_lightning.app.multi_feature.picture_tables import pictures_at, pictures_by
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec
from nested_lightning.app.pictures.source import FolderSource, PictureSource
from nested_lightning.app.tables.given_tables import index_of
from nested_lightning.app.tables.number_block import SplitTable
from nested_lightning.app.tables.table_file import read_table


class RowPredictor(ABC):
    """Answers for rows of tables with the preparation that a model was trained with.

    Attributes:
        prepared_type: What `prepare` gives.
        data_spec: The spec of the data that it was trained on.
        picture_folder: Where the pictures lie that tables name, see `PictureFinder`.
    """

    prepared_type: ClassVar[type]
    data_spec: MultiFeatureDataSpec
    picture_folder: str | None

    @abstractmethod
    def _prepare(self, rows: ReadRows) -> Any:
        """Return rows as `say` takes them: with a length, and in slices."""

    @abstractmethod
    def _say(self, rows: Any) -> Any:
        """Return what the model says of rows that were prepared."""

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
    def encode(self, table: InstanceOf[pa.Table], source: SkipValidation[PictureSource | None] = None) -> Any:
        """Return the rows of a table as `predict` takes them, with the pictures of ``source`` that they name.

        Raises:
            UserError: As `predict_table`.
        """
        refuse_nothing(table.num_rows)
        spec = self.data_spec
        columns_there(table.column_names, spec.column_names, spec.allow_missing_groups)  # names near ones
        return self._encode(table, source)

    def _encode(self, rows: Any, source: PictureSource | None = None) -> Any:
        spec = self.data_spec
        table = SplitTable.of_given(
            rows,
            [name for names in spec.column_names.values() for name in names],
            apart=spec.no_numbers,
            text_columns=frozenset(spec.categorical),
            ignored=[*spec.target_columns, *filter(None, [spec.weight])],
        )
        refuse_nothing(table.num_rows)
        pictures = TablePictures(
            table=table.others,
            source=source or FolderSource(Path()),
            folder=self.picture_folder,
            is_keeping=False,
        )
        return self._prepare(read_rows(table, spec, pictures))

    @checked_arguments
    def predict(self, rows: SkipValidation[Any]) -> Any:
        """Predict for rows: one or many, as a program holds them.

        Args:
            rows: With the columns of the training file; others are ignored: a data frame of pandas or polars,
                a table of Arrow, a mapping of columns, a row as a mapping or a list of such, an array of
                numpy, see `to_table`; or what `encode` gave.

        Raises:
            UserError: There is no row, columns that the model needs are missing, values can't be read, the
                groups of a batch aren't the model's, or the model's answers aren't finite.
        """
        if isinstance(rows, self.prepared_type):
            return self._say(rows)
        answers, index = self._say(self._encode(rows)), index_of(rows)
        if index is None or not isinstance(answers, TabularAnswers):  # as an own objective's needn't be
            return answers
        return replace(answers, index=index)


def refuse_nothing(num_rows: int) -> None:
    """Refuse to predict for no row."""
    if num_rows == 0:
        raise UserError("there are no rows to predict for")


def _only_picture_column(spec: MultiFeatureDataSpec) -> str:
    """Return the column that a model of pictures alone reads."""
    others = [name for name in spec.layouts if name not in {one.name for one in spec.pictures}]
    if len(spec.pictures) != 1 or (others and not spec.allow_missing_groups):
        raise UserError(
            f"the model reads more than one picture: its groups are {name_list([*spec.layouts])}; give a"
            " table with their columns"
        )
    return spec.pictures[0].column
