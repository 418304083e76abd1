"""Reading captions: CSV, JSONL, or JSON as COCO has it."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from nested_lightning.app.data.bad_samples import BadSamples
from nested_lightning.app.errors import UserError, did_you_mean, name_list
from nested_lightning.app.tables.column_values import text_of
from nested_lightning.app.tables.csv_file import find_dialect, tidy_name
from nested_lightning.app.tables.json_lines import (
    json_object,
    numbered_lines,
    open_text,
    plain_name,
    unpacked,
)

PICTURE_COLUMNS = ("image", "picture", "file_name", "filename", "file", "path")
CAPTION_COLUMNS = ("caption", "captions", "text", "description")
_HEAD_SIZE = 1 << 16


@dataclass(frozen=True, kw_only=True)
class CaptionRecord:
    """The name of a picture's file, its captions as written, and the other columns of its first line."""

    picture: str
    captions: tuple[str, ...]
    fields: Mapping[str, str] = field(default_factory=dict)


def read_captions(
    content: bytes,
    *,
    name: str,
    picture_column: str | None = None,
    caption_column: str | None = None,
    bad: BadSamples | None = None,
) -> list[CaptionRecord]:
    """Read the captions of pictures, one record for each picture, in the order of the file.

    Args:
        content: The file's bytes, UTF-8 or UTF-16, also gzipped.
        name: Its end says what the file is.
        picture_column: Column of the pictures' names; None: the first of `PICTURE_COLUMNS` that is there.
        caption_column: Column of the captions; None: the first of `CAPTION_COLUMNS` that is there. In JSONL
            it may hold a list.
        bad: Takes lines that can't be used; None: the first one is an error.

    Raises:
        UserError: It is no such file, lacks a column, or has no captions.
    """
    bad = bad or BadSamples(is_skipped=False)
    suffix = plain_name(PurePosixPath(name)).suffix.lower()
    if suffix == ".json":
        rows: list[dict[str, Any]] = _read_coco(open_text(io.BytesIO(content)).read())
        picture_column, caption_column = "file_name", "caption"
    else:
        rows = _read_jsonl(content, bad) if suffix == ".jsonl" else _read_csv(content, bad)
    if not rows:
        raise UserError("the captions file has no captions")
    columns = list(dict.fromkeys(column for row in rows for column in row))
    pictures = _find_column(columns, picture_column, PICTURE_COLUMNS, "picture_column")
    captions = _find_column(columns, caption_column, CAPTION_COLUMNS, "caption_column")
    return _join_by_picture(rows, pictures, captions)


def _read_csv(content: bytes, bad: BadSamples) -> list[dict[str, Any]]:
    delimiter = find_dialect(unpacked(io.BytesIO(content)).read(_HEAD_SIZE)).delimiter
    reader = csv.reader(open_text(io.BytesIO(content), newline=""), delimiter=delimiter)
    lines = filter(None, reader)
    rows = []
    try:
        header = [tidy_name(name) for name in next(lines)]
        for number, cells in enumerate(lines, start=1):
            with bad.naming(f"row {number}"):
                if any(cells[len(header) :]):
                    raise UserError(
                        "it has more cells than there are columns; put captions that hold a comma in quotes"
                    )
                rows.append({name: cell for name, cell in zip(header, cells, strict=False) if name})
    except csv.Error as error:
        raise UserError(f"line {reader.line_num} can't be read as CSV ({error})") from None
    return rows


def _read_jsonl(content: bytes, bad: BadSamples) -> list[dict[str, Any]]:
    rows = []
    for number, line in numbered_lines(open_text(io.BytesIO(content))):
        with bad.naming(f"line {number}"):
            rows.append({tidy_name(name): value for name, value in json_object(line).items()})
    return rows


def _read_coco(text: str) -> list[dict[str, Any]]:
    try:
        data = json.loads(text)
        names = {image["id"]: image["file_name"] for image in data["images"]}
        return [
            {"file_name": names[entry["image_id"]], "caption": entry["caption"]}
            for entry in data["annotations"]
        ]
    except json.JSONDecodeError as error:
        raise UserError(f"line {error.lineno} is not JSON ({error.msg})") from None
    except (KeyError, TypeError) as error:
        raise UserError(
            f"this is not JSON as COCO has captions ({error} is missing or of another kind): needed are "
            "images with id and file_name, and annotations with image_id and caption"
        ) from None


def _find_column(columns: Sequence[str], chosen: str | None, known: Iterable[str], setting: str) -> str:
    if chosen is not None:
        if chosen in columns:
            return chosen
        raise UserError(
            f"there is no column '{chosen}'{did_you_mean(chosen, columns)} (there are {name_list(columns)})"
        )
    found = next((name for name in known if name in columns), None)
    if found is None:
        raise UserError(
            f"there is no column {name_list(known)}, only {name_list(columns)}; name the right one with "
            f"image_to_text.data.{setting}"
        )
    return found


def _join_by_picture(rows: Sequence[Mapping[str, Any]], pictures: str, captions: str) -> list[CaptionRecord]:
    joined: dict[str, list[str]] = {}
    fields: dict[str, dict[str, str]] = {}
    for row in rows:
        picture = (text_of(row.get(pictures)) or "").strip()
        value = row.get(captions)
        several = value if isinstance(value, list) else [value]
        joined.setdefault(picture, []).extend(text_of(one) or "" for one in several)
        fields.setdefault(
            picture,
            {name: text_of(cell) or "" for name, cell in row.items() if name not in (pictures, captions)},
        )
    return [
        CaptionRecord(picture=picture, captions=tuple(several), fields=fields[picture])
        for picture, several in joined.items()
    ]
