"""Files of a user's, answered by a `MultiFeatureClassifier`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nested_lightning.app.answers import Answers
from nested_lightning.app.errors import errors_naming
from nested_lightning.app.kept_columns import kept_names
from nested_lightning.app.multi_feature.predict import MultiFeaturePredictor
from nested_lightning.app.record_files import record_writers
from nested_lightning.app.tables.table_file import read_table


def answer_files(
    predictor: MultiFeaturePredictor, *, files: Sequence[Path], keep: str | None = None
) -> Answers:
    """Predict for the rows of a file.

    Args:
        predictor: Knows the model.
        files: One CSV or Parquet file.
        keep: Columns that stand before the answers, see `kept_names`.

    Raises:
        UserError: It can't be read, or lacks columns that the model needs or that are to be kept.
    """
    [file] = files
    predictions = predictor.predict_file(file)
    records = predictions.to_records()
    if keep is not None:
        records = [{**kept, **one} for kept, one in zip(_kept(file, keep, records[0]), records, strict=True)]
    return Answers(noun="predictions", count=len(predictions), writers=record_writers(records))


def _kept(file: Path, keep: str, answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is kept of each row, that of a CSV file as it stands there."""
    there = read_table(file).column_names
    with errors_naming(file):
        names = kept_names(keep, there, answers=answer)
    return read_table(file, text_columns=names).select(names).to_pylist()
