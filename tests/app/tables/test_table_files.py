"""Tables of several files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.disk_storage import DiskStorage
from nested_lightning.app.multi_feature.storage import MemoryStorage
from nested_lightning.app.tables.table_file import read_table

_MARCH, _MAY = {"a": [1, 2], "b": ["x", "y"]}, {"b": ["z", "x"], "a": [3, 4]}
_BOTH = {"a": [1, 2, 3, 4], "b": ["x", "y", "z", "x"]}


def _write(tables: Mapping[str, Mapping[str, Any]], folder: Path) -> None:
    for name, columns in tables.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        table = pa.table(dict(columns))
        if file.suffix == ".csv":
            csv.write_csv(table, file)
        else:
            parquet.write_table(table, file)


@pytest.mark.parametrize("storage", [MemoryStorage, DiskStorage])
@pytest.mark.parametrize("place", ["", "*.parquet", "2*-0[35].parquet"])
def test_rows_of_a_folder_or_a_pattern_follow_each_other_by_the_names_of_files(
    tmp_path: Path, place: str, storage: type[MemoryStorage]
) -> None:
    _write({"2024-05.parquet": _MAY, "2024-03.parquet": _MARCH, ".2023.parquet": _MAY}, tmp_path)

    assert read_table(tmp_path / place, reader=storage()).to_pydict() == _BOTH


def test_files_of_a_pattern_may_be_csv_in_any_folder(tmp_path: Path) -> None:
    _write({"march/sales.csv": _MARCH, "may/deep/sales.csv": _MAY, "may/notes.csv": {"c": [1]}}, tmp_path)

    assert read_table(str(tmp_path / "**" / "sales.csv")).to_pydict() == _BOTH


@pytest.mark.parametrize("place", ["", "year=*/*.parquet", "**/*.parquet"])
def test_partitions_are_columns(tmp_path: Path, place: str) -> None:
    inner = {"year=2023/city=a%20b/1.parquet": _MARCH}
    inner |= {"year=__HIVE_DEFAULT_PARTITION__/city=c/1.parquet": _MAY}
    _write(inner, tmp_path)
    (tmp_path / "_SUCCESS").write_text("")
    place = place if "**" in place or not place else place.replace("/*", "/*/*")

    table = read_table(tmp_path / place)

    assert table.to_pydict() == {
        **_BOTH,
        "year": ["2023", "2023", None, None],
        "city": ["a b", "a b", "c", "c"],
    }


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    _write({"a[1].parquet": _MARCH, "a1.parquet": _MAY}, tmp_path)

    assert read_table(tmp_path / "a[1].parquet").to_pydict() == _MARCH


def test_a_column_is_text_in_all_files_if_it_is_in_one(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("code,x\n01,1\n02,2\n")
    (tmp_path / "2.csv").write_text("code,x\nA3,1.5\n04,\n")

    table = read_table(tmp_path / "*.csv")

    assert table.to_pydict() == {"code": ["01", "02", "A3", "04"], "x": [1.0, 2.0, 1.5, None]}


@pytest.mark.parametrize(
    ("tables", "place", "message"),
    [
        ({"a.csv": _MARCH}, "", r"there is no Parquet file in this folder.*'.*\*\.csv'"),
        ({"_a.parquet": _MARCH}, "", "there is no Parquet file in this folder"),
        ({"a.csv": _MARCH}, "b*.csv", "no file has a name of this pattern"),
        (
            {"1.csv": _MARCH, "2.csv": {"a": [1], "c": [2]}},
            "*.csv",
            "2.csv has other columns than 1.csv: 'b', 'c'",
        ),
        ({"1.parquet": _MARCH, "2.parquet": {"a": [1], "b": [[2]]}}, "", "types .* that don't go together"),
        ({"1.parquet": _MARCH, "k=1/b=2/2.parquet": _MARCH}, "", "same name: 'b'|other columns"),
        ({"1.parquet": {"a": pa.array([], pa.int64())}}, "", "column names but no rows"),
    ],
)
def test_files_that_make_no_table_are_refused_by_name(
    tmp_path: Path, tables: Mapping[str, Mapping[str, Any]], place: str, message: str
) -> None:
    _write(tables, tmp_path)

    with pytest.raises(UserError, match=message) as caught:
        read_table(tmp_path / place)
    assert str(caught.value).startswith(str(tmp_path))


def test_an_unreadable_file_among_several_is_named(tmp_path: Path) -> None:
    _write({"1.parquet": _MARCH}, tmp_path)
    (tmp_path / "2.parquet").write_bytes(b"PAR1" + b"\0" * 20)

    with pytest.raises(UserError, match=r"2\.parquet: it is damaged"):
        read_table(tmp_path)
