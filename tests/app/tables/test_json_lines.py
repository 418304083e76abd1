"""Lines of JSON, the same for captions and sequences."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from nested_lightning.app.data.splits import WholeFileSplitter
from nested_lightning.app.errors import UserError
from nested_lightning.app.image_to_text.captioned_pictures import CaptionLimit, PictureReader
from nested_lightning.app.pictures.decoding import Squaring
from nested_lightning.app.variant.sources.file import SequenceFile
from tests.app.image_to_text.captioned_folder import draw


def _captions(path: Path, *, skip_bad: bool = False) -> list[str]:
    draw("red", "box").save(path.parent / "a.png")
    limit = CaptionLimit(unit="words", max_length=99)
    read = PictureReader(skip_bad=skip_bad)(path, squaring=Squaring(size=4), limit=limit)
    return [caption for record in read.records for caption in record.captions]


def _labels(path: Path) -> list[str]:
    return list(SequenceFile(path=path)("speech", WholeFileSplitter(), None).class_names)


def _write(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_byte_order_marks_are_read_in_every_family(tmp_path: Path, encoding: str) -> None:
    lines = ['{"image": "a.png", "caption": "red\u2028box"}']
    assert _captions(_write(tmp_path / "c.jsonl", *lines, encoding=encoding)) == ["red\u2028box"]
    lines = ["image;caption", 'a.png;"red, or (x, y, z)"']
    assert _captions(_write(tmp_path / "c.csv", *lines, encoding=encoding)) == ["red, or (x, y, z)"]
    lines = [
        '{"text": "x", "label": "é"}',
        '{"text": "x", "label": "e\u0301"}',
        '{"text": "x", "label": "b"}',
    ]
    assert _labels(_write(tmp_path / "s.jsonl", *lines, encoding=encoding)) == ["b", "é"]


def test_one_number_is_one_class_however_it_is_written(tmp_path: Path) -> None:
    rows = [{"text": "ab", "labels": [0, 0.0]}, {"text": "a", "labels": [1]}, {"text": "a", "labels": ["1"]}]
    assert _labels(_write(tmp_path / "s.jsonl", *map(json.dumps, rows))) == ["0", "1"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("[" * 100_000, "RecursionError|nested"),
        ("9" * 5_000, "4300 digits"),
        ('"\\ud800"', "half a character"),
        ("NaN", "needs either 'labels'|caption is empty"),
        ('"\xff"', "UTF-8"),
    ],
)
@pytest.mark.parametrize("read", [_captions, _labels])
def test_a_wrong_value_names_file_and_line(
    tmp_path: Path, read: Callable[[Path], object], value: str, words: str
) -> None:
    path = tmp_path / "x.jsonl"
    good = '{"image": "a.png", "caption": "red", "text": "x", "label": "y"}\n'
    bad = f'{{"image": "a2.png", "caption": {value}, "text": "x", "label": {value}}}'
    path.write_bytes((good + bad).encode("latin-1"))
    (tmp_path / "a2.png").write_bytes(b"")

    with pytest.raises(UserError, match=words) as caught:
        read(path)
    assert str(tmp_path) in str(caught.value)
    assert "UTF-8" in words or any(place in str(caught.value) for place in ("line 2", "a2.png"))


def test_lines_that_cannot_be_read_are_skipped_where_bad_samples_are(tmp_path: Path) -> None:
    path = _write(tmp_path / "c.jsonl", '{"image": "a.png", "caption": "red"}', "{oh")
    with pytest.warns(UserWarning, match=r"1 of 2 pictures left out: 'line 2'"):
        assert _captions(path, skip_bad=True) == ["red"]
    path = _write(tmp_path / "c.csv", "image,caption", "a.png,red", "a.png,red, box")
    with pytest.warns(UserWarning, match=r"1 of 2 pictures left out: 'row 2'"):
        assert _captions(path, skip_bad=True) == ["red"]
