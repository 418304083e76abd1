"""Tables from files of any kind."""

from importlib.resources import files
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from nested_lightning.app.errors import UserError
from nested_lightning.app.tables.table_file import read_shipped_table, read_table


def _write(tmp_path: Path, content: str | bytes, name: str = "table.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_table_names_lose_their_spaces(tmp_path: Path) -> None:
    assert read_table(_write(tmp_path, "a, b ,c\n1,2,3\n")).column_names == ["a", "b", "c"]


def test_table_leaves_out_a_column_without_a_name(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="column without a name"):
        table = read_table(_write(tmp_path, ",a\n0,1\n"))
    assert table.to_pydict() == {"a": [1]}


def test_table_parquet_is_told_by_content(tmp_path: Path) -> None:
    table = pa.table({"a": [1.5], "__index_level_0__": [7]})
    parquet.write_table(table, tmp_path / "table.dat")
    assert read_table(tmp_path / "table.dat").to_pydict() == {"a": [1.5]}


def test_table_shipped_has_2000_digits_in_six_groups() -> None:
    table = read_shipped_table()
    assert (table.num_rows, table.num_columns) == (2000, 650)
    assert table.column_names[-1] == "digit"


def test_shipped_data_states_source_and_licence() -> None:
    text = (files("nested_lightning.app.data.shipped") / "README.md").read_text(encoding="utf-8")
    assert all(word in text for word in ("mfeat.csv.gz", "R. P. W. Duin", "10.24432/C5HC70", "CC BY 4.0"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n", "no rows; it needs a row for each sample"),
        ("a,b,a\n1,2,3\n", "several columns have the same name: 'a'; rename them"),
        (b"PK\x03\x04rest", "an Excel workbook or a zip archive; export the table as CSV or Parquet"),
        ('{"a": 1}', "this is JSON; export the table"),
        (b"PAR1" + b"\0" * 20, "it is damaged.*not a parquet file"),
        ("a,größe\n1,2\n".encode("latin-1"), "not UTF-8 text"),
    ],
)
def test_table_that_cannot_be_used_is_refused_by_name(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    with pytest.raises(UserError, match=message) as caught:
        read_table(_write(tmp_path, content))
    assert str(caught.value).startswith(str(tmp_path / "table.csv"))


def test_table_that_does_not_exist_is_refused_with_its_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"missing.csv: no such file or folder .looked in {tmp_path}"):
        read_table(tmp_path / "missing.csv")
