"""The lines of a JSONL file, or the rows of a Parquet file, with their place for messages."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from nested_lightning.app.errors import UserError

SUFFIXES = (".jsonl", ".ndjson", ".parquet")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a file of sequences.

    Attributes:
        values: The fields by name.
        place: File and line, for messages.
        variant: Name of the variant.
    """

    values: Mapping[str, Any]
    place: str
    variant: str

    def error(self, message: str) -> UserError:
        """Return an error that names file, line and variant."""
        return UserError(f"{self.place} (variant '{self.variant}'): {message}")


def read_rows(path: Path, variant: str) -> list[Row]:
    """Read a JSONL file, whose lines are objects, or a Parquet file; empty lines are skipped.

    Raises:
        UserError: No such file, another format, a line that is no JSON object, or no line at all.
    """
    named = f"{path} (variant '{variant}')"
    if not path.is_file():
        raise UserError(f"{named}: no such file (looked in {path.absolute().parent})")
    try:
        rows = _read_parquet(path, variant) if _is_parquet(path) else _read_jsonl(path, variant)
    except UnicodeDecodeError:
        raise UserError(f"{named}: is neither JSONL in UTF-8 nor Parquet") from None
    except (OSError, pa.ArrowException) as error:
        raise UserError(f"{named}: can't be read ({error})") from None
    if not rows:
        raise UserError(f"{named}: is empty; it needs a line for each sequence")
    return rows


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _read_parquet(path: Path, variant: str) -> list[Row]:
    with parquet.ParquetFile(path) as file:
        table = file.read()
    return [
        Row(values=values, place=f"{path}, row {number}", variant=variant)
        for number, values in enumerate(table.to_pylist(), start=1)
    ]


def _read_jsonl(path: Path, variant: str) -> list[Row]:
    rows = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            row = Row(values={}, place=f"{path}, line {number}", variant=variant)
            try:
                values = json.loads(line)
            except json.JSONDecodeError as error:
                raise row.error(f"is not JSON ({error.msg} at character {error.pos + 1})") from None
            if not isinstance(values, dict):
                raise row.error('must be a JSON object such as {"text": "…", "labels": […]}')
            rows.append(Row(values=values, place=row.place, variant=variant))
    return rows
