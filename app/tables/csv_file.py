"""Reading CSV as it comes: any common delimiter, decimal commas, byte-order marks, gzip."""

import csv
import gzip
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyarrow import csv as arrow_csv

from nested_lightning.app.errors import UserError

# Written for a missing number; in a column of text only TEXT_NULLS (column_values.py) mean missing.
NUMBER_NULLS = (
    *("", "NA", "N/A", "n/a", "#N/A", "#N/A N/A", "<NA>", "#NA", "NaN", "nan", "NAN", "-nan", "-NaN", "NaT"),
    *(
        "NULL",
        "Null",
        "null",
        "None",
        "none",
        "?",
        "-",
        "--",
        ".",
        "1.#IND",
        "-1.#IND",
        "1.#QNAN",
        "-1.#QNAN",
    ),
)
NOT_UTF8 = "the file is not UTF-8 text; save it as CSV in UTF-8"
_GZIP_MAGIC = b"\x1f\x8b"
_HEAD_SIZE = 1 << 16
_LARGE_BLOCK = 1 << 28
_DECIMAL_COMMA = re.compile(r"(?:^|[;\t|])\s*[+-]?\d+,\d+\s*(?=[;\t|]|$)", re.MULTILINE)
_DECIMAL_POINT = re.compile(r"(?:^|[;\t|])\s*[+-]?\d+\.\d+\s*(?=[;\t|]|$)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class CsvDialect:
    """How a file is written: found in its first 64 KiB, or first line where that is longer."""

    header: tuple[str, ...]
    delimiter: str
    decimal_point: str
    encoding: str

    def parse_options(self, *, is_careful: bool) -> arrow_csv.ParseOptions:
        """Return how cells are told apart; ``is_careful`` allows line breaks in quotes."""
        return arrow_csv.ParseOptions(delimiter=self.delimiter, newlines_in_values=is_careful)

    def convert_options(self, types: Mapping[str, pa.DataType]) -> arrow_csv.ConvertOptions:
        """Return how cells become values; columns without a type have the one that they seem to have."""
        return arrow_csv.ConvertOptions(
            column_types=types, null_values=NUMBER_NULLS, decimal_point=self.decimal_point
        )


def read_csv(path: Path, *, text_columns: Iterable[str] = ()) -> pa.Table:
    """Read a CSV file, also gzipped, with the types that its columns seem to have.

    Args:
        path: The file.
        text_columns: Columns that are read as text whatever they hold (``01`` stays ``01``).

    Raises:
        UserError: The file is empty, malformed or not UTF-8 or UTF-16.
    """
    dialect = read_dialect(path)
    try:
        table = _read(path, dialect, frozenset(text_columns), is_careful=False)
    except pa.ArrowInvalid:
        table = _read_again(path, dialect, frozenset(text_columns))
    if any(pa.types.is_binary(kind) for kind in table.schema.types):
        raise UserError(NOT_UTF8)
    return table


def read_dialect(path: Path) -> CsvDialect:
    """Return the dialect of a file, see `find_dialect`."""
    return find_dialect(_head(path))


def find_dialect(head: bytes) -> CsvDialect:
    """Return the dialect of a file that begins with ``head``.

    The delimiter is the one of comma, semicolon, tab and bar that cuts the first line into most columns.
    The decimal mark is a comma where the delimiter is another and no cell has a decimal point.
    """
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    if encoding != "utf-16" and b"\0" in head:
        raise UserError("this is neither CSV nor Parquet; export the table as one of them")
    text = head.decode(encoding, errors="replace").lstrip("\r\n")
    if not text:
        raise UserError("the file is empty; it needs a line of column names and a row for each sample")
    line = text.splitlines()[0]
    headers = {delimiter: next(csv.reader([line], delimiter=delimiter)) for delimiter in ",;\t|"}
    delimiter = max(headers, key=lambda key: len(headers[key]))
    has_commas = delimiter != "," and _DECIMAL_COMMA.search(text) and not _DECIMAL_POINT.search(text)
    return CsvDialect(
        header=tuple(headers[delimiter]),
        delimiter=delimiter,
        decimal_point="," if has_commas else ".",
        encoding="utf-16" if encoding == "utf-16" else "utf8",
    )


def _head(path: Path) -> bytes:
    try:
        with gzip.open(path) if _is_gzip(path) else path.open("rb") as file:
            head = file.read(_HEAD_SIZE)
            return head if b"\n" in head else head + file.readline()
    except EOFError:
        raise UserError("the compressed file breaks off; copy or download it again") from None


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == _GZIP_MAGIC


def _read(path: Path, dialect: CsvDialect, text_columns: frozenset[str], *, is_careful: bool) -> pa.Table:
    types = {name: pa.string() for name in dialect.header if name.strip() in text_columns}
    with open_bytes(path) as stream:
        return arrow_csv.read_csv(
            stream,
            read_options=arrow_csv.ReadOptions(
                encoding=dialect.encoding,
                block_size=_LARGE_BLOCK if is_careful else None,
                use_threads=not is_careful,
            ),
            parse_options=dialect.parse_options(is_careful=is_careful),
            convert_options=dialect.convert_options(types),
        )


def open_bytes(path: Path) -> pa.NativeFile:
    """Open a file for reading; a gzipped one is unpacked."""
    file = pa.OSFile(str(path))
    return pa.CompressedInputStream(file, "gzip") if _is_gzip(path) else file


def _read_again(path: Path, dialect: CsvDialect, text_columns: frozenset[str]) -> pa.Table:
    """Read what may have long rows or quoted line breaks; in one thread, for errors that name the line."""
    try:
        return _read(path, dialect, text_columns, is_careful=True)
    except pa.ArrowInvalid as error:
        raise malformed(error) from None


def malformed(error: pa.ArrowInvalid) -> UserError:
    """Return the message about a file that Arrow can't read."""
    if "UTF8" in str(error):
        return UserError(NOT_UTF8)
    reason = re.sub(r"^CSV parse error: ", "", str(error)).replace("Row #", "line ").strip()
    return UserError(f"not a CSV file that can be read ({reason}); correct or remove that line")
