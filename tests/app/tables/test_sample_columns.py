"""Columns of rows that take part."""

import pyarrow as pa

from nested_lightning.app.tables.sample_columns import SampleColumns, UnreadColumns


def test_a_column_of_a_large_table_is_read_where_it_is_asked_for_alone() -> None:
    num_read: list[None] = []
    unread = UnreadColumns(
        table=pa.table({"a": [1.0, 2.0]}), is_text={"a": False}, release=lambda: num_read.append(None)
    )
    columns = SampleColumns({}, unread=unread)

    assert "b" not in columns
    assert "a" in columns
    assert list(columns) == ["a"]
    assert not num_read
    assert columns["a"].tolist() == [1.0, 2.0]
    assert len(num_read) == 1
