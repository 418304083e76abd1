"""Reading CSV as it comes: any common delimiter, decimal commas, byte-order marks, gzip."""

import csv
import gzip
import io
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
from pyarrow import csv as arrow_csv

from nested_lightning.app.errors import UserError

# Written for a missing number; in a column of text only TEXT_NULLS (column_values.py) mean missing.
NUMBER_NULLS = (
    *("", "NA", "N/A", "n/a", "#N/A", "#N/A N/A", "<NA>", "#NA", "NaN", "nan", "NAN", "-nan", "-NaN", "NaT"),
    *("NULL", "Null", "null", "None", "none", "?", "-", "--", "."),
    *("1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
)
NOT_UTF8 = "it is not UTF-8 text; save it as CSV in UTF-8"
DELIMITERS = ",;\t|"
_GZIP_MAGIC = b"\x1f\x8b"
_HEAD_SIZE = 1 << 16
_MAX_LINE = 1 << 26
_LARGE_BLOCK = 1 << 28
_SAMPLED_ROWS = 100
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*")
_DECIMAL_POINT = re.compile(r"\s*[+-]?\d+\.\d+\s*")

Rows = Sequence[Sequence[str]]
T = TypeVar("T")


class EncodingError(UserError):
    """A file of text in another encoding than UTF-8 or UTF-16."""


@dataclass(frozen=True, kw_only=True)
class CsvDialect:
    """How a file is written: found in its first 64 KiB, or first line where that is longer.

    Attributes:
        header: The names of the columns, as Arrow's reader has them.
        delimiter: What stands between cells.
        decimal_point: A point or a comma.
        encoding: ``utf8`` or ``utf-16``.
    """

    header: tuple[str, ...]
    delimiter: str
    decimal_point: str
    encoding: str

    def text_types(self, names: Iterable[str]) -> dict[str, pa.DataType]:
        """Return the type of text for each column of these names, which may have spaces around them here."""
        wanted = frozenset(names)
        return {name: pa.string() for name in self.header if tidy_name(name) in wanted}

    def reading(
        self, types: Mapping[str, pa.DataType], *, is_careful: bool, block_size: int | None
    ) -> dict[str, Any]:
        """Return the options of Arrow's readers.

        Args:
            types: Of columns by name; the others have the type that they seem to have.
            is_careful: Allow line breaks in quotes, and read in one thread, for errors that name the line.
            block_size: Bytes that are read at once; None: as Arrow does.
        """
        return {
            "read_options": arrow_csv.ReadOptions(
                encoding=self.encoding, block_size=block_size, use_threads=not is_careful
            ),
            "parse_options": arrow_csv.ParseOptions(delimiter=self.delimiter, newlines_in_values=is_careful),
            "convert_options": arrow_csv.ConvertOptions(
                column_types=types, null_values=NUMBER_NULLS, decimal_point=self.decimal_point
            ),
        }


def read_csv(path: Path, *, text_columns: Iterable[str] = ()) -> pa.Table:
    """Read a CSV file, also gzipped, with the types that its columns seem to have.

    Those of ``text_columns`` are read as text whatever they hold (``01`` stays ``01``).

    Raises:
        UserError: The file is empty, malformed or not UTF-8 or UTF-16.
    """
    dialect = read_dialect(path)
    types = dialect.text_types(text_columns)

    def read(is_careful: bool) -> pa.Table:
        block_size = _LARGE_BLOCK if is_careful else None
        options = dialect.reading(types, is_careful=is_careful, block_size=block_size)
        with open_bytes(path) as stream:
            return arrow_csv.read_csv(stream, **options)

    with naming_undecodable(path, dialect):
        table = in_haste_or_carefully(read)
        if any(pa.types.is_binary(kind) for kind in table.schema.types):
            raise EncodingError(NOT_UTF8)
    return table


@contextmanager
def naming_undecodable(path: Path, dialect: CsvDialect) -> Iterator[None]:
    """Name line and column of what isn't UTF-8 in the `EncodingError` of a block."""
    try:
        yield
    except EncodingError:
        raise EncodingError(f"{_first_undecodable(path, dialect)}{NOT_UTF8}") from None


def _first_undecodable(path: Path, dialect: CsvDialect) -> str:
    """Return in words where the first text is that isn't UTF-8."""
    with gzip.open(path) if _is_gzip(path) else path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                cell = line[: error.start].count(dialect.delimiter.encode())
                is_named = number > 1 and cell < len(dialect.header)
                return f"line {number:,}{f', column {dialect.header[cell]!r}' if is_named else ''}: "
    return ""


def read_dialect(path: Path) -> CsvDialect:
    """Return the dialect of a file, see `find_dialect`; decimal commas are warned of."""
    dialect = find_dialect(_head(path))
    if dialect.decimal_point == ",":
        warnings.warn(f"{path.name}: numbers are read with decimal commas, as in 1,5", stacklevel=3)
    return dialect


def find_dialect(head: bytes) -> CsvDialect:
    """Return the dialect of a file that begins with ``head``.

    The delimiter is the one of comma, semicolon, tab and bar that cuts the first rows into as many cells as
    there are names; of several, the one that makes most columns. The decimal mark is a comma where the
    delimiter is another and no cell has a decimal point. Quotes count in both.

    Raises:
        UserError: It is empty or no text.
        csv.Error: Its quotes can't be taken apart.
    """
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    if encoding != "utf-16" and b"\0" in head:
        raise UserError("this is neither CSV nor Parquet; export the table as one of them")
    text = head.decode(encoding, errors="replace").lstrip("\r\n")
    if not text:
        raise UserError("the file is empty; it needs a line of column names and a row for each sample")
    rows = {delimiter: _first_rows(text, delimiter) for delimiter in DELIMITERS}
    delimiter = max(rows, key=lambda key: _fit(rows[key]))
    return CsvDialect(
        header=_read_header(text, delimiter),
        delimiter=delimiter,
        decimal_point="," if delimiter != "," and _has_decimal_commas(rows[delimiter]) else ".",
        encoding="utf-16" if encoding == "utf-16" else "utf8",
    )


def tidy_name(name: str) -> str:
    """Return a column's name as it is known: without space around it, its accents composed (NFC)."""
    return unicodedata.normalize("NFC", name).strip()


def _first_rows(text: str, delimiter: str) -> Rows:
    """Return the header and some rows; the last one of all may be cut off, and doesn't count."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows = [row for row in islice(reader, _SAMPLED_ROWS) if row]
    is_cut = len(text) >= _HEAD_SIZE // 4 and len(rows) > 1 and next(reader, None) is None
    return rows[:-1] if is_cut else rows


def _fit(rows: Rows) -> tuple[bool, float, int]:
    header, *others = rows
    num_alike = sum(len(row) == len(header) for row in others)
    return len(header) > 1, num_alike / max(len(others), 1), len(header)


def _has_decimal_commas(rows: Rows) -> bool:
    cells = [cell for row in rows[1:] for cell in row]
    return any(map(_DECIMAL_COMMA.fullmatch, cells)) and not any(map(_DECIMAL_POINT.fullmatch, cells))


def _read_header(text: str, delimiter: str) -> tuple[str, ...]:
    """Return the names as Arrow reads them, which may differ from what the csv module makes of quotes."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    next(reader)
    header = "".join(islice(io.StringIO(text, newline=""), reader.line_num))
    options = arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    content = pa.BufferReader(header.encode(errors="replace"))
    return tuple(arrow_csv.read_csv(content, parse_options=options).column_names)


def _head(path: Path) -> bytes:
    with gzip.open(path) if _is_gzip(path) else path.open("rb") as file:
        head = file.read(_HEAD_SIZE)
        is_text = b"\0" not in head or head[:2] in (b"\xff\xfe", b"\xfe\xff")
        if b"\n" not in head and is_text:
            head += file.readline(_MAX_LINE)
    if len(head) >= _MAX_LINE:
        raise UserError(f"its first line has more than {_MAX_LINE >> 20} MiB; is it a table?")
    return head


def open_bytes(path: Path) -> pa.NativeFile:
    """Open a file for reading; a gzipped one is unpacked."""
    file = pa.OSFile(str(path))
    return pa.CompressedInputStream(file, "gzip") if _is_gzip(path) else file


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == _GZIP_MAGIC


def in_haste_or_carefully(read: Callable[[bool], T]) -> T:
    """Return what ``read(False)`` gives; where Arrow can't read the file so, what ``read(True)`` gives.

    Careful reading takes long rows and quoted line breaks, in one thread, for errors that name the line.

    Raises:
        UserError: Arrow can't read the file.
    """
    try:
        return read(False)
    except pa.ArrowInvalid:
        try:
            return read(True)
        except pa.ArrowInvalid as error:
            raise _malformed(error) from None


def _malformed(error: pa.ArrowInvalid) -> UserError:
    if "UTF8" in str(error):
        return EncodingError(NOT_UTF8)
    reason = re.sub(r"^CSV parse error: ", "", str(error)).replace("Row #", "line ").strip()
    return UserError(f"not a CSV file that can be read ({reason}); correct or remove that line")
