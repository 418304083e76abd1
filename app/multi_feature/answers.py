"""Files of a user's, answered by a `MultiFeatureClassifier`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nested_lightning.app.answers import Answers, asked_names, kept_names
from nested_lightning.app.errors import UserError, errors_naming
from nested_lightning.app.multi_feature.picture_tables import PICTURE, pictures_at
from nested_lightning.app.multi_feature.row_predictor import RowPredictor
from nested_lightning.app.pictures.listing import is_picture
from nested_lightning.app.record_files import record_writers
from nested_lightning.app.tables.table_file import read_table


def answer_files(predictor: RowPredictor, *, files: Sequence[Path], keep: str | None = None) -> Answers:
    """Predict for the rows of a file, or for pictures.

    Args:
        predictor: Knows the model.
        files: One CSV or Parquet file; or pictures, and folders and zip archives of such, each of which is
            named before its answer.
        keep: Columns that stand before the answers, see `kept_names`.

    Raises:
        UserError: It can't be read, lacks columns that the model needs or that are to be kept, or there are
            several tables.
    """
    listed = [(file, pictures_at(file)) for file in files]
    if len(listed) > 1 and any(pictures is None for _, pictures in listed):
        raise UserError("give one table, or any number of pictures and of folders of such")
    records = [record for file, pictures in listed for record in _answer(predictor, file, pictures, keep)]
    return Answers(noun="predictions", count=len(records), writers=record_writers(records))


def _answer(
    predictor: RowPredictor, file: Path, pictures: Sequence[str] | None, keep: str | None
) -> list[dict[str, Any]]:
    records = predictor.predict_listed(file, pictures).to_records()
    kept = _kept(file, keep, records[0]) if pictures is None else _named(file, pictures, keep, records[0])
    return [{**one, **record} for one, record in zip(kept, records, strict=True)] if kept else records


def _named(
    file: Path, pictures: Sequence[str], keep: str | None, answer: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return the name of each picture."""
    kept_names(keep, [PICTURE], answers=answer)
    return [{PICTURE: str(file if is_picture(file) else file / name)} for name in pictures]


def _kept(file: Path, keep: str | None, answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is kept of each row, that of a CSV file as it stands there."""
    if keep is None:
        return []
    table = read_table(file, text_columns=asked_names(keep))
    with errors_naming(file):
        names = kept_names(keep, table.column_names, answers=answer)
    if keep == "*":  # whose names are known now
        table = read_table(file, text_columns=names)
    return table.select(names).to_pylist()
