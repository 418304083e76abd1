"""Results for rows as the content of a file: JSON, JSON lines, CSV, or arrays of numpy."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any
from zipfile import ZipFile, ZipInfo

import numpy as np

from nested_lightning.app.answers import to_utf8
from nested_lightning.app.assembly.wiring.prediction_rows import Row
from nested_lightning.app.errors import UserError
from nested_lightning.app.strict_json import to_json_line


def to_json_lines(rows: Sequence[Row]) -> bytes:
    """Return a line with a JSON object for each row."""
    return to_utf8("".join(f"{to_json_line(_listed(row))}\n" for row in rows))


def to_json_list(rows: Sequence[Row]) -> bytes:
    """Return a JSON list with an object for each row, each on a line."""
    lines = ",\n".join(to_json_line(_listed(row)) for row in rows)
    return to_utf8(f"[{lines}]\n")


def to_csv(rows: Sequence[Row]) -> bytes:
    """Return a table; the numbers of a vector have a column each.

    Raises:
        UserError: There is more than a vector for each row.
    """
    flat = [dict(_cells(_listed(row))) for row in rows]
    text = io.StringIO()
    columns = list(dict.fromkeys(name for row in flat for name in row))
    writer = csv.DictWriter(text, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return to_utf8(text.getvalue())


def to_npz(rows: Sequence[Row]) -> bytes:
    """Return an array by name for each of what is predicted, with a row for each row.

    Raises:
        UserError: The rows have other shapes or names, or something else than numbers and texts.
    """
    content = io.BytesIO()
    with ZipFile(content, "w") as archive:
        for name in rows[0] if rows else ():
            with archive.open(ZipInfo(f"{name}.npy"), "w", force_zip64=True) as file:
                np.lib.format.write_array(file, _stacked(rows, name), allow_pickle=False)
    return content.getvalue()


def _stacked(rows: Sequence[Row], name: str) -> Any:
    try:
        array = np.stack([np.asarray(row[name]) for row in rows])
    except (KeyError, ValueError):  # other names, or shapes
        array = np.empty(0, object)
    if array.dtype == object or len({*map(frozenset, rows)}) > 1:
        raise UserError(f"{name} is no array with an entry of one shape for each row: take the format jsonl")
    return array


def _listed(row: Row) -> Row:
    return {
        name: value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        for name, value in row.items()
    }


def _cells(row: Row) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        items = value if isinstance(value, list) else [value]
        if any(isinstance(one, list | dict) for one in items):
            raise UserError(f"{name} is more than a value or a vector for each row: take the format jsonl")
        yield from (
            ((f"{name}_{i}", one) for i, one in enumerate(value)) if items is value else [(name, value)]
        )
