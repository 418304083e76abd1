"""Predictions of a `MultiFeatureClassifier`: from a table without labels to classes and probabilities."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from pydantic import InstanceOf, SkipValidation
from torch import Tensor

from nested_lightning.app.answers import Predictor
from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.errors import UserError, errors_naming, name_list
from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.encoding import encode_features
from nested_lightning.app.multi_feature.model import MultiFeatureClassifier
from nested_lightning.app.multi_feature.picture_column import TablePictures
from nested_lightning.app.multi_feature.picture_tables import is_of_pictures, pictures_at, pictures_beside
from nested_lightning.app.multi_feature.spec import Layout, MultiFeatureDataSpec
from nested_lightning.app.pictures.source import FolderSource, PictureSource
from nested_lightning.app.tables.given_tables import to_table
from nested_lightning.app.tables.table_file import read_table
from nested_lightning.app.tensors import require_finite


@dataclass(frozen=True, kw_only=True)
class ClassPredictions:
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
    """Classifies rows of tables with the preparation that the model was trained with.

    Args:
        picture_folder: Where the pictures lie that tables name, see `PictureFinder`.
        **options: See `Predictor`.
    """

    def __init__(self, *, picture_folder: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._picture_folder = picture_folder

    @checked_arguments
    def predict_file(self, path: str | Path) -> ClassPredictions:
        """Classify the rows of a CSV or Parquet file, where a label column is ignored; or pictures.

        Args:
            path: The file; or, where the model needs nothing but a picture, a picture, a folder or a zip
                archive of such, in the order of `pictures_at`.

        Raises:
            UserError: The file can't be read, or lacks columns that the model needs.
        """
        path = Path(path)
        if is_of_pictures(path):
            table = pa.table({_only_picture_column(self.data_spec): pictures_at(path)})
        else:
            table = read_table(path, text_columns=self.data_spec.categorical)
        with errors_naming(path), closing(pictures_beside(path)) as source:
            return self._predict(table, source)

    @checked_arguments
    def predict_table(self, table: InstanceOf[pa.Table]) -> ClassPredictions:
        """Classify the rows of a table with the columns of the training file; others are ignored.

        Raises:
            UserError: It has no rows, lacks columns that the model needs, or has values that can't be read.
        """
        return self._predict(table, FolderSource(Path()))

    @torch.inference_mode()
    def _predict(self, table: pa.Table, source: PictureSource) -> ClassPredictions:
        _refuse_nothing(table.num_rows)
        folder = self._picture_folder
        pictures = TablePictures(table=table, source=source, folder=folder, is_keeping=False)
        return self._classify(encode_features(table, self.data_spec, pictures))

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
        columns = [name for names in spec.column_names.values() for name in names]
        return self.predict_table(to_table(rows, columns, text_columns=set(spec.categorical)))

    def _classify(self, rows: FeatureBatch) -> ClassPredictions:
        _refuse_nothing(len(rows))
        _refuse_other_groups(rows, self.data_spec.layouts)
        parts = []
        for number, start in enumerate(range(0, len(rows), self.batch_size)):
            batch = rows[start : start + self.batch_size].to(self.model.device)
            parts.append(require_finite(self.model.predict_step(batch, number)).cpu())
        return ClassPredictions(class_names=self.data_spec.class_names, probabilities=torch.cat(parts))


def _refuse_nothing(num_rows: int) -> None:
    if num_rows == 0:
        raise UserError("there are no rows to classify")


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
