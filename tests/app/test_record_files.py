"""Records as files: each format gives back what was written."""

import csv
import io
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from nested_lightning.app.errors import UserError
from nested_lightning.app.record_files import record_writers

RECORDS: list[dict[str, Any]] = [
    {"name": 'odd, "name"\n', "score": np.float32(0.1), "vector": np.array([0.25, 0.3], np.float32)},
    {"name": "ü\t", "score": np.float32(1e-9), "vector": np.array([1.0, 2.0], np.float32)},
]
PLAIN = [
    {"name": 'odd, "name"\n', "score": 0.1, "vector": [0.25, 0.3]},
    {"name": "ü\t", "score": 1e-9, "vector": [1.0, 2.0]},
]


@pytest.mark.parametrize(("format_", "delimiter"), [("csv", ","), ("tsv", "\t")])
def test_tables_have_a_column_for_each_number_of_a_vector(format_: str, delimiter: str) -> None:
    text = record_writers(RECORDS)[format_]().decode()

    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))

    assert rows[0] == ["name", "score", "vector_0", "vector_1"]
    assert rows[1:] == [['odd, "name"\n', "0.1", "0.25", "0.3"], ["ü\t", "1e-09", "1.0", "2.0"]]


def test_numbers_of_longer_vectors_stand_beside_those_of_the_first() -> None:
    records = [{"tags": ["a"], "answer": 1}, {"tags": ["b", "c"], "answer": 2}]
    assert record_writers(records)["csv"]() == b"tags_0,tags_1,answer\na,,1\nb,c,2\n"


def test_json_has_short_numbers_of_float32() -> None:
    writers = record_writers(RECORDS)

    assert json.loads(writers["json"]()) == PLAIN
    assert [json.loads(line) for line in writers["jsonl"]().splitlines()] == PLAIN


def test_parquet_has_types() -> None:
    table = parquet.read_table(pa.BufferReader(record_writers(RECORDS)["parquet"]()))

    assert table.to_pylist() == PLAIN
    assert table.schema.field("vector").type == pa.list_(pa.float64())


def test_arrays_keep_their_type_and_shape() -> None:
    arrays = np.load(io.BytesIO(record_writers(RECORDS)["npz"]()))

    assert arrays["vector"].dtype == np.float32
    np.testing.assert_array_equal(arrays["vector"], [one["vector"] for one in RECORDS])
    assert arrays["name"].tolist() == [one["name"] for one in RECORDS]


def test_tables_take_the_flat_records_where_there_are_any() -> None:
    writers = record_writers([{"steps": [{"label": "a"}]}], flat=[{"step": 1, "label": "a"}])

    assert writers["csv"]() == b"step,label\n1,a\n"
    assert json.loads(writers["json"]()) == [{"steps": [{"label": "a"}]}]


@pytest.mark.parametrize(
    ("format_", "records"),
    [
        ("csv", [{"box": [[1, 2], [3, 4]]}]),
        ("parquet", [{"box": 1}, {"box": "one"}]),
        ("npz", [{"box": [1]}, {"box": [1, 2]}]),
    ],
)
def test_what_a_format_cannot_hold_is_named_with_one_that_can(format_: str, records: list[Any]) -> None:
    with pytest.raises(UserError, match=r"box .*jsonl"):
        record_writers(records)[format_]()
