"""Sequences of a user's own, from JSONL and Parquet."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from nested_lightning.app.data.splits import ColumnSplitter, RandomSplitter, WholeFileSplitter
from nested_lightning.app.errors import UserError
from nested_lightning.app.variant.sources.file import SequenceFile
from nested_lightning.app.variant.sources.records import SourceContent
from tests.tiny_variants import write_lines

LETTERS = [{"text": "aB", "labels": ["low", "up"]}, {"text": "C", "labels": ["up"]}]


def _read(path: Path, class_names: tuple[str, ...] | None = None, **options: Any) -> SourceContent:
    return SequenceFile(path=path, **options)("speech", WholeFileSplitter(), class_names)


def _refusal(tmp_path: Path, rows: list[dict[str, Any]], **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        _read(write_lines(tmp_path / "own.jsonl", rows), **options)
    return str(caught.value)


def test_characters_with_a_label_for_each_step(tmp_path: Path) -> None:
    content = _read(write_lines(tmp_path / "own.jsonl", LETTERS))

    assert (content.kind, content.has_step_labels, content.class_names) == ("characters", True, ("low", "up"))
    assert content.parts["test"].inputs == ["aB", "C"]
    assert [labels.tolist() for labels in content.parts["test"].labels] == [[0, 1], [1]]


def test_tokens_with_one_label_for_each_sequence(tmp_path: Path) -> None:
    rows = [{"tokens": ["so", "good"], "label": "yes"}, {"tokens": ["bad"], "label": "no"}]
    content = _read(write_lines(tmp_path / "own.jsonl", rows))

    assert (content.kind, content.has_step_labels, content.class_names) == ("tokens", False, ("no", "yes"))
    assert [labels.tolist() for labels in content.parts["test"].labels] == [[1], [0]]


def test_vectors_and_whole_numbers_as_labels(tmp_path: Path) -> None:
    rows = [{"vectors": [[1, 2], [3, 4]], "labels": [10, 9]}]
    content = _read(write_lines(tmp_path / "own.jsonl", rows))

    assert content.class_names == ("9", "10")
    assert np.array_equal(content.parts["test"].inputs[0], [[1, 2], [3, 4]])


def test_parquet_holds_the_same_in_columns(tmp_path: Path) -> None:
    path = tmp_path / "own.parquet"
    parquet.write_table(pa.Table.from_pylist(LETTERS), path)
    content = _read(path)

    assert content.parts["test"].inputs == ["aB", "C"]
    assert content.class_names == ("low", "up")


def test_a_field_can_say_which_part_a_line_belongs_to(tmp_path: Path) -> None:
    rows = [{**LETTERS[0], "split": part} for part in ("train", "test", "train", "val")]
    path = write_lines(tmp_path / "own.jsonl", rows)
    content = SequenceFile(path=path)("speech", ColumnSplitter(column="split"), None)

    assert {name: len(part) for name, part in content.parts.items()} == {"train": 2, "val": 1, "test": 1}


def test_labels_of_sequences_are_split_evenly(tmp_path: Path) -> None:
    rows = [{"text": "x", "label": "rare" if i % 10 == 0 else "often"} for i in range(100)]
    path = write_lines(tmp_path / "own.jsonl", rows)
    content = SequenceFile(path=path)("speech", RandomSplitter(val_fraction=0.2, test_fraction=0.2), None)

    assert [sum(int(y[0] == 1) for y in p.labels) for p in content.parts.values()] == [6, 2, 2]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "abc", "labels": ["low", "up"]}, "3 steps, but 2 labels"),
        ({"text": "ab", "labels": ["low", None]}, "label 2 is null"),
        ({"text": "ab", "labels": "low"}, "'labels' must be a list"),
        ({"text": "ab"}, "either 'labels'.* or 'label'"),
        ({"text": "", "labels": []}, "'text' is empty"),
        ({"txt": "ab", "labels": ["low", "up"]}, "no field 'text'; did you mean 'txt'"),
        ({"text": ["a"], "labels": ["low"]}, "'text' must be a string"),
        ({"text": "ab", "label": "low"}, "'labels' where other lines have 'label'"),
    ],
)
def test_a_wrong_line_is_named_with_file_and_variant(
    tmp_path: Path, row: dict[str, Any], message: str
) -> None:
    path = write_lines(tmp_path / "own.jsonl", [LETTERS[0], row])

    with pytest.raises(UserError, match=rf"own\.jsonl, line 2 \(variant 'speech'\): .*{message}"):
        _read(path)


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        ([[1, 2], [1]], r"vector 2 has 1 number, and 2 are needed"),
        ([[1, 2, 3]], r"vector 1 has 3 numbers, and 2 are needed"),
        ([[1, "x"]], r"something that is no number"),
        ([[1, None]], r"number 2 of vector 1 is missing or infinite"),
        ([], r"'vectors' is empty"),
        ([1, 2], r"list of lists"),
    ],
)
def test_wrong_vectors_are_named_with_file_line_and_variant(
    tmp_path: Path, vectors: list[Any], message: str
) -> None:
    rows: list[dict[str, Any]] = [
        {"vectors": [[1, 2]], "labels": ["a"]},
        {"vectors": vectors, "labels": ["a"] * len(vectors)},
    ]

    with pytest.raises(UserError, match=rf"line 2 \(variant 'speech'\): .*{message}"):
        _read(write_lines(tmp_path / "own.jsonl", rows))


def test_a_label_outside_the_classes_is_refused_with_the_nearest(tmp_path: Path) -> None:
    message = _refusal(tmp_path, LETTERS, classes=["low", "upp"])

    assert "line 1 (variant 'speech'): label 2 is 'up', which is none of the classes" in message
    assert message.count("speech") == 1
    assert "did you mean 'upp'? (classes: low, upp)" in message


def test_a_trained_models_classes_stand_over_the_files(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "own.jsonl", LETTERS)

    assert _read(path, ("up", "mid", "low")).class_names == ("up", "mid", "low")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ('{"text": "ab"', r"line 1 .*is not JSON"),
        ("[1, 2]", r"line 1 .*must be a JSON object"),
        ('{"words": [1]}', r"line 1 .*one field must hold the sequence: text, tokens, vectors"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(content)

    with pytest.raises(UserError, match=rf"own\.jsonl.*variant 'speech'.*{message}|{message}"):
        _read(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.jsonl: no such file"):
        _read(tmp_path / "gone.jsonl")


def test_a_single_class_is_refused(tmp_path: Path) -> None:
    assert "at least 2 classes" in _refusal(tmp_path, [{"text": "ab", "label": "x"}])


def test_a_variant_without_a_file_is_refused() -> None:
    with pytest.raises(UserError, match="variant 'speech': no file is named"):
        SequenceFile()("speech", WholeFileSplitter(), None)


def test_parquet_times_finer_than_microseconds_are_read(tmp_path: Path) -> None:
    path = tmp_path / "own.parquet"
    when = pa.array([1, 1_000_001], pa.timestamp("ns"))
    parquet.write_table(pa.Table.from_pylist(LETTERS).append_column("when", when), path)

    assert _read(path).parts["test"].inputs == ["aB", "C"]
