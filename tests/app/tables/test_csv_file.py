"""CSV files as they come."""

import gzip
from pathlib import Path

import pyarrow as pa
import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.tables.csv_file import read_csv
from nested_lightning.app.tables.labels import find_class_names, find_label, label_values
from nested_lightning.app.tables.table_file import read_table


def _write(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    path = _write(tmp_path, f"a{delimiter}b\n1.5{delimiter}2\n")
    assert read_csv(path).to_pydict() == {"a": [1.5], "b": [2]}


def test_csv_delimiter_inside_quotes_is_none(tmp_path: Path) -> None:
    path = _write(tmp_path, '"size; in mm; or not",b\n1,2\n')
    assert read_csv(path).to_pydict() == {"size; in mm; or not": [1], "b": [2]}


def test_csv_with_semicolons_may_have_decimal_commas(tmp_path: Path) -> None:
    path = _write(tmp_path, "a;b\n1,5;2\n-0,25;3\n")
    assert read_csv(path).to_pydict() == {"a": [1.5, -0.25], "b": [2, 3]}


def test_csv_with_semicolons_and_points_keeps_points(tmp_path: Path) -> None:
    path = _write(tmp_path, "a;b\n1.5;2\n0.25;3\n")
    assert read_csv(path).to_pydict() == {"a": [1.5, 0.25], "b": [2, 3]}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_csv_byte_order_mark_is_no_part_of_a_name(tmp_path: Path, encoding: str) -> None:
    path = _write(tmp_path, "größe,b\r\n1,2\r\n".encode(encoding))
    assert read_csv(path).to_pydict() == {"größe": [1], "b": [2]}


def test_csv_gzip_is_told_by_content(tmp_path: Path) -> None:
    path = _write(tmp_path, gzip.compress(b"a,b\n1,2\n"))
    assert read_csv(path).to_pydict() == {"a": [1], "b": [2]}


def test_csv_integers_turn_to_fractions_far_down(tmp_path: Path) -> None:
    path = _write(tmp_path, "a\n" + "1\n" * 1_000_000 + "0.5\n")
    assert read_csv(path).column("a")[-1].as_py() == 0.5


def test_csv_text_column_keeps_leading_zeros(tmp_path: Path) -> None:
    path = _write(tmp_path, "a, b\n01,01\n")
    assert read_csv(path, text_columns=["b", "elsewhere"]).to_pydict() == {"a": [1], " b": ["01"]}


def test_csv_markers_of_missing_numbers_are_null(tmp_path: Path) -> None:
    path = _write(tmp_path, "a,b\n1,2\n?,-\nNA,None\n,.\n")
    assert read_csv(path).to_pydict() == {"a": [1, None, None, None], "b": [2, None, None, None]}


def test_csv_line_break_inside_quotes_is_read(tmp_path: Path) -> None:
    rows = 'a,"one\ntwo, three"\n' * 200_000  # more than one block, whose borders fall anywhere
    assert read_csv(_write(tmp_path, "x,y\n" + rows)).num_rows == 200_000


def test_csv_row_longer_than_a_block_is_read(tmp_path: Path) -> None:
    text = "x" * 3_000_000
    assert read_csv(_write(tmp_path, f"a,b\n1,{text}\n2,y\n")).column("a").to_pylist() == [1, 2]


def test_csv_text_column_is_found_at_the_end_of_a_long_header(tmp_path: Path) -> None:
    names = [f"{'name' * 100}{i}" for i in range(200)]
    path = _write(tmp_path, f"{','.join(names)},label\n{','.join('1' * 200)},01\n")
    assert read_csv(path, text_columns=["label"]).column("label").to_pylist() == ["01"]


def test_csv_uneven_row_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"line 3: Expected 2 columns, got 3: 3,4,5\); correct or remove"):
        read_csv(_write(tmp_path, "a,b\n1,2\n3,4,5\n"))


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_csv_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UserError, match="the file is empty; it needs a line of column names"):
        read_csv(_write(tmp_path, content))


@pytest.mark.parametrize("text_columns", [[], ["b"]])
def test_csv_in_latin_1_is_refused(tmp_path: Path, text_columns: list[str]) -> None:
    content = "a,b\n1,x\n2,é\n".encode("latin-1")
    with pytest.raises(UserError, match="line 3, column 'b': it is not UTF-8 text; save it as CSV in UTF-8"):
        read_csv(_write(tmp_path, content), text_columns=text_columns)


def test_csv_truncated_gzip_is_refused(tmp_path: Path) -> None:
    content = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(1000)))
    with pytest.raises(UserError, match=r"damaged.*ended before the end"):
        read_table(_write(tmp_path, content[:500]))


def test_csv_of_zero_bytes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="neither CSV nor Parquet"):
        read_csv(_write(tmp_path, b"\x01\x00\x02\x00" * 50))


def test_csv_line_break_in_a_quoted_name_leaves_labels_as_they_are(tmp_path: Path) -> None:
    path = _write(tmp_path, '"a\n(mm)",label\n1,01\n2,02\n')
    assert read_csv(path, text_columns=["label"]).to_pydict() == {"a\n(mm)": [1, 2], "label": ["01", "02"]}


@pytest.mark.parametrize("name", ['"the ""label"""', 'the "label"', ' "the label"'])
def test_csv_quotes_in_a_name_are_those_of_the_reader(tmp_path: Path, name: str) -> None:
    path = _write(tmp_path, f"a,{name}\n1,01\n")
    read = read_csv(path).column_names[1]
    assert read_csv(path, text_columns=[read.strip()]).column(read).to_pylist() == ["01"]


def test_csv_commas_in_a_name_are_no_delimiters_where_rows_have_none(tmp_path: Path) -> None:
    path = _write(tmp_path, "place (x, y, z);b\n1,5;2\n")
    with pytest.warns(UserWarning, match="decimal commas"):
        assert read_csv(path).to_pydict() == {"place (x, y, z)": [1.5], "b": [2]}


def test_csv_damaged_gzip_names_the_file(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(b"a,b\n" + b"1,2\n" * 50_000))
    for place in (4, 12, len(content) // 2, len(content) - 6):
        damaged = content[:place] + bytes([content[place] ^ 0x55]) * 3 + content[place + 3 :]
        path = _write(tmp_path, bytes(damaged))
        try:
            read_table(path)
        except UserError as error:
            assert str(error).startswith(str(path))  # noqa: PT017 # a few flips leave the content as it was


def test_table_names_and_labels_with_composed_and_decomposed_accents_are_one(tmp_path: Path) -> None:
    path = _write(tmp_path, "cafe\u0301,b\nne\u0301,1\nn\u00e9,2\n")
    table = read_table(path, text_columns=["caf\u00e9"])
    assert table.column_names == ["caf\u00e9", "b"]
    assert find_class_names(
        pa.concat_arrays([label_values(find_label(table, "caf\u00e9")), pa.array(["x"])])
    ) == (
        "n\u00e9",
        "x",
    )


@pytest.mark.parametrize("label", ["9" * 5_000, "--1"])
def test_labels_that_int_refuses_are_classes(label: str) -> None:
    assert set(find_class_names(pa.array([label, "1"]))) == {label, "1"}
