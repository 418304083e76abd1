"""Where a table comes from: what ships, files, or the memory of a program."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa

from nested_lightning.app.errors import UserError, errors_naming
from nested_lightning.app.tables.given_tables import to_table
from nested_lightning.app.tables.table_file import (
    SHIPPED_MFEAT,
    TableReader,
    read_shipped_table,
    read_table,
    tidy_table,
)


class TableSource:
    """Gives a table whenever it is asked for; its text is what messages call it."""

    usual_labels: ClassVar[tuple[str, ...]] = ()
    """The column to predict, if the table has one by nature."""

    @abstractmethod
    def read(self, *, text_columns: Sequence[str], reader: TableReader) -> pa.Table:
        """Return the table.

        Raises:
            UserError: There is none that can be used; the message begins with the source.
        """


def table_source(data: Any) -> TableSource:
    """Return the source of a table.

    Args:
        data: A file, a folder or a pattern, see `read_table`; None for the digits that ship with the project;
            a source; or whatever else `to_table` takes.
    """
    if data is None:
        return ShippedTable()
    if isinstance(data, str | Path):
        return TableFiles(Path(data))
    return data if isinstance(data, TableSource) else GivenTable(data)


@dataclass(frozen=True)
class ShippedTable(TableSource):
    """The digits that ship with the project."""

    usual_labels: ClassVar = ("digit",)

    def __str__(self) -> str:
        return SHIPPED_MFEAT

    def read(self, *, text_columns: Sequence[str], reader: TableReader) -> pa.Table:
        """Read it."""
        return read_shipped_table(text_columns=text_columns, reader=reader)


@dataclass(frozen=True)
class TableFiles(TableSource):
    """A file, the files of a folder or those of a pattern."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def read(self, *, text_columns: Sequence[str], reader: TableReader) -> pa.Table:
        """Read it or them."""
        return read_table(self.path, text_columns=text_columns, reader=reader)


@dataclass(frozen=True)
class GivenTable(TableSource):
    """What a program holds; it isn't changed."""

    given: Any

    def __str__(self) -> str:
        return f"{type(self.given).__name__} in memory"

    def read(self, *, text_columns: Sequence[str], reader: TableReader) -> pa.Table:
        """Take its columns over; their memory isn't copied where Arrow has the same layout."""
        with errors_naming(self):
            return tidy_table(to_table(self.given, text_columns=text_columns))


@dataclass(frozen=True)
class AwaitedTable(TableSource):
    """What a program held, by its name, when a model was trained, and has to be given again."""

    name: str

    def __str__(self) -> str:
        return self.name

    def read(self, *, text_columns: Sequence[str], reader: TableReader) -> pa.Table:
        """Say so."""
        raise UserError(
            f"{self}: the training's data were in the memory of a program, and no file holds them; give them"
            " again, in Python by data=…, or name a file with the same rows by data.path or --data"
        )
