"""Answers with a row for each row that was given, for whoever goes on with them in a table."""

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class TabularAnswers:
    """Answers that are a table; libraries of data frames take them as they are, by Arrow's protocol.

    Attributes:
        index: The index of the data frame of pandas that was given; None: it was something else.
    """

    index: Any = field(default=None, repr=False, compare=False)

    @property
    def notes(self) -> list[str]:
        """What stands out in them, a sentence each."""
        return []

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of rows."""

    @abstractmethod
    def to_table(self) -> pa.Table:
        """Return a row for each row that was given, in their order."""

    def to_records(self) -> list[dict[str, Any]]:
        """Return the rows of `to_table`."""
        table = self.to_table()
        columns = [column.to_numpy() for column in table.columns]
        return [dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]

    def to_pandas(self) -> Any:
        """Return the same as a data frame of pandas, on the index of the one that was given."""
        frame = self.to_table().to_pandas()
        if self.index is not None:
            frame.index = self.index
        return frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        """Hand the table over, as in ``polars.DataFrame(answers)`` or ``pyarrow.table(answers)``."""
        return self.to_table().__arrow_c_stream__(requested_schema)
