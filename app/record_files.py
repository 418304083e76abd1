"""Records as the content of a file: CSV, TSV, JSON, JSON lines, Parquet, or arrays of numpy."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias
from zipfile import ZipFile, ZipInfo

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from nested_lightning.app.answers import to_utf8
from nested_lightning.app.errors import UserError
from nested_lightning.app.strict_json import to_json_line

Record: TypeAlias = Mapping[str, Any]
"""Values by name: numbers, texts, arrays, or plain lists and mappings."""


def record_writers(
    records: Sequence[Record], *, flat: Sequence[Record] | None = None
) -> dict[str, Callable[[], bytes]]:
    """Return the writer of a file's content, by the name of its format.

    Args:
        records: What is written.
        flat: The same for tables, where a record holds more than a value or a vector of a name.
    """
    rows = records if flat is None else flat
    return {
        "csv": partial(to_csv, rows),
        "tsv": partial(to_csv, rows, delimiter="\t"),
        "json": partial(to_json_list, records),
        "jsonl": partial(to_json_lines, records),
        "parquet": partial(to_parquet, rows),
        "npz": partial(to_npz, rows),
    }


def to_json_lines(records: Sequence[Record]) -> bytes:
    """Return a line with a JSON object for each record."""
    return to_utf8("".join(f"{to_json_line(plain_values(one))}\n" for one in records))


def to_json_list(records: Sequence[Record]) -> bytes:
    """Return a JSON list with an object for each record, each on a line."""
    lines = ",\n".join(to_json_line(plain_values(one)) for one in records)
    return to_utf8(f"[{lines}]\n")


def to_csv(records: Sequence[Record], *, delimiter: str = ",") -> bytes:
    """Return a table with a line of names; the numbers of a vector have a column each.

    Raises:
        UserError: There is more than a vector of a name in a record.
    """
    flat = [dict(_cells(plain_values(one))) for one in records]
    place = {name: index for index, name in enumerate(_names(records))}
    columns = sorted(_names(flat), key=lambda one: place[one if one in place else one.rpartition("_")[0]])
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=columns, delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return to_utf8(text.getvalue())


def to_parquet(records: Sequence[Record]) -> bytes:
    """Return a table whose columns have types, vectors as lists.

    Raises:
        UserError: The values of a name are of different kinds.
    """
    plain = [plain_values(one) for one in records]
    columns = {}
    for name in _names(plain):
        try:
            columns[name] = pa.array([one.get(name) for one in plain])
        except (pa.ArrowException, UnicodeEncodeError) as error:
            raise UserError(f"{name} is no column of one kind: take the format jsonl; {error}") from None
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue().to_pybytes())


def to_npz(records: Sequence[Record]) -> bytes:
    """Return an array by each name, with a row for each record.

    Raises:
        UserError: The records have other shapes or names, or something else than numbers and texts.
    """
    content = io.BytesIO()
    with ZipFile(content, "w") as archive:
        for name in records[0] if records else ():
            with archive.open(ZipInfo(f"{name}.npy"), "w", force_zip64=True) as file:
                np.lib.format.write_array(file, _stacked(records, name), allow_pickle=False)
    return content.getvalue()


def _names(records: Sequence[Record]) -> list[str]:
    return list(dict.fromkeys(name for one in records for name in one))


def _stacked(records: Sequence[Record], name: str) -> Any:
    try:
        array = np.stack([np.asarray(one[name]) for one in records])
    except (KeyError, ValueError):  # other names, or shapes
        array = np.empty(0, object)
    if array.dtype == object or len({*map(frozenset, records)}) > 1:
        raise UserError(f"{name} is no array with an entry of one shape for each row: take the format jsonl")
    return array


def plain_values(value: Any) -> Any:
    """Return arrays as lists and numbers as Python's, at any depth."""
    if isinstance(value, Mapping):
        return {name: plain_values(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain_values(one) for one in value]
    if not isinstance(value, np.ndarray | np.generic):
        return value
    if value.dtype.kind == "f" and value.dtype.itemsize < np.dtype(float).itemsize:
        value = value.astype(str).astype(float)  # 0.1 rather than 0.10000000149011612
    return value.tolist()


def _cells(record: Record) -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        items = value if isinstance(value, list) else [value]
        if any(isinstance(one, list | dict) for one in items):
            raise UserError(f"{name} is more than a value or a vector for each row: take the format jsonl")
        yield from (
            ((f"{name}_{i}", one) for i, one in enumerate(value)) if items is value else [(name, value)]
        )
