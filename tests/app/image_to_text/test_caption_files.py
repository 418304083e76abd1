"""Captions from CSV, JSONL and COCO JSON."""

import gzip
import json

import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.image_to_text.caption_files import CaptionRecord, read_captions

COCO = {
    "images": [{"id": 7, "file_name": "cat.jpg"}, {"id": 8, "file_name": "dog.jpg"}],
    "annotations": [
        {"image_id": 8, "caption": "a dog"},
        {"image_id": 7, "caption": "a cat"},
        {"image_id": 7, "caption": "a grey cat"},
    ],
}


def _pairs(records: list[CaptionRecord]) -> dict[str, tuple[str, ...]]:
    return {record.picture: record.captions for record in records}


def test_csv_has_a_caption_in_each_row_and_several_rows_for_a_picture() -> None:
    content = (
        b'\xef\xbb\xbfimage,caption,tones\r\ncat.png,"a cat, grey",1\r\ndog.png,a dog,2\r\ncat.png,cat,3\r\n'
    )

    records = read_captions(content, name="captions.csv")

    assert _pairs(records) == {"cat.png": ("a cat, grey", "cat"), "dog.png": ("a dog",)}
    assert records[0].fields == {"tones": "1"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("captions.csv", b"image,caption\ncat.png,a cat\n"),
        ("captions.jsonl", b'{"image": "cat.png", "caption": "a cat"}\n'),
        ("captions.json", json.dumps(COCO).encode()),
    ],
)
def test_gzipped_captions_are_read_as_plain_ones(name: str, content: bytes) -> None:
    assert read_captions(gzip.compress(content), name=f"{name}.gz") == read_captions(content, name=name)


def test_jsonl_may_hold_a_list_of_captions() -> None:
    content = (
        b'{"file_name": "cat.png", "text": ["a cat", "cat"]}\n\n{"file_name": "dog.png", "text": "a dog"}\n'
    )

    assert _pairs(read_captions(content, name="x.jsonl")) == {
        "cat.png": ("a cat", "cat"),
        "dog.png": ("a dog",),
    }


def test_coco_json_joins_annotations_to_pictures() -> None:
    records = read_captions(json.dumps(COCO).encode(), name="captions_val2017.json")

    assert _pairs(records) == {"dog.jpg": ("a dog",), "cat.jpg": ("a cat", "a grey cat")}


def test_columns_may_be_named() -> None:
    content = b"photo,says\ncat.png,a cat\n"

    records = read_captions(content, name="c.csv", picture_column="photo", caption_column="says")

    assert _pairs(records) == {"cat.png": ("a cat",)}


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"photo,caption\na,b\n", "c.csv", "no column 'image'.*image_to_text.data.picture_column"),
        (b"image,says\na,b\n", "c.csv", "no column 'caption'.*image_to_text.data.caption_column"),
        (b"image,caption\n", "c.csv", "has no captions"),
        (b"image,caption\na.png,a cat, grey\n", "c.csv", "row 1: it has more cells"),
        (b'{"image": "a"}\n{oh\n', "c.jsonl", "line 2: is not JSON"),
        (b"[1, 2]\n", "c.jsonl", "line 1: must be a JSON object"),
        (b"{}", "c.json", "not JSON as COCO has captions"),
        (b'{"images": [], "annotations": [{"image_id": 3, "caption": "a"}]}', "c.json", "COCO"),
        (b"{", "c.json", "line 1 is not JSON"),
    ],
)
def test_file_without_captions_is_refused(content: bytes, name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_captions(content, name=name)


def test_a_column_that_is_not_there_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UserError, match="no column 'captoin'; did you mean 'caption'"):
        read_captions(b"image,caption\na,b\n", name="c.csv", caption_column="captoin")
