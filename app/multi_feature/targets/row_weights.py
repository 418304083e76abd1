"""The column that says what each row counts in the loss."""

import pyarrow as pa

from nested_lightning.app.errors import UserError, did_you_mean
from nested_lightning.app.multi_feature.targets.guessing import read_numbers
from nested_lightning.app.tables.column_values import Numbers


def read_weights(table: pa.Table, column: str) -> Numbers:
    """Return what each of N rows counts, float64 of [N], above 0.

    Raises:
        UserError: There is no such column, or a weight is missing or not above 0; the message names the row.
    """
    if column not in table.column_names:
        near = did_you_mean(column, table.column_names)
        raise UserError(f"multi_feature.data.weight: there is no column '{column}'{near}")
    weights = read_numbers(table.column(column), name=column)
    is_wrong = ~(weights > 0)  # NaN too
    if is_wrong.any():
        row = int(is_wrong.argmax())
        raise UserError(
            f"column '{column}' holds {weights[row]:g}, first in row {row + 1:,}; a row's weight must be a"
            " number above 0: correct it, or leave the row out of the file"
        )
    return weights
