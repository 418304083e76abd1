"""Rows over HTTP: as JSON, as a table's file, or as pictures."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import ValidationError

from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.encoding import columns_there
from nested_lightning.app.multi_feature.row_predictor import RowPredictor
from nested_lightning.app.multi_feature.row_schema import (
    describe_columns,
    example_row,
    kinds_of,
    plain_numbers,
    row_validator,
    rows_schema,
)
from nested_lightning.app.multi_feature.spoken import describe_answers, schema_of, speak
from nested_lightning.app.serving.desk import Answer, Asked, Description, Limits, Part, split_answers
from nested_lightning.app.serving.forms import FILE, FORM, JSON, PICTURES, form_schema, parse_json, the_file
from nested_lightning.app.serving.pictures import HeldPictures, check_pictures, sample_picture
from nested_lightning.app.serving.problems import of_validation, unprocessable
from nested_lightning.app.serving.tables import CSV, PARQUET, read_uploaded_table

Rows = Sequence[Mapping[str, Any]]


class MultiFeatureDesk:
    """Answers rows."""

    def __init__(self, *, predictor: RowPredictor) -> None:
        self._predictor, self._spec = predictor, predictor.data_spec
        self._picture_columns = [one.column for one in self._spec.pictures]
        self._names = [name for names in self._spec.column_names.values() for name in names]
        self._takes_numbers = {*kinds_of(self._spec).values()} <= {"number", "boolean"}
        self._validator = cache(partial(row_validator, self._spec))

    def describe(self, limits: Limits) -> Description:
        """Describe the columns, and the answer to a row."""
        answers = describe_answers(self._predict(self._example()), self._spec.target_columns)
        if self._picture_columns:
            bodies: dict[str, Any] = {FORM: form_schema("rows", PICTURES, FILE)}
        else:
            file = {"type": "string", "format": "binary"}
            bodies = {JSON: rows_schema(self._spec, limits.max_rows), CSV: file, PARQUET: file}
            bodies[FORM] = form_schema(FILE)
        return Description(
            inputs={"columns": describe_columns(self._spec)},
            answers=answers,
            bodies=bodies,
            answer=schema_of(answers),
            example=None if self._picture_columns else {"rows": [example_row(self._spec)]},
        )

    def read(self, asked: Asked, limits: Limits) -> Sequence[Part]:
        """Return the rows, all of whose columns are there.

        Raises:
            Problem: A row or a field is wrong.
            UserError: Columns are missing, or the file is no table.
        """
        with _hiding_values(self._names):
            return self._read(asked, limits)

    def compute(self, contents: Sequence[Any]) -> Sequence[Sequence[Answer]]:
        """Return an answer for each row.

        Raises:
            UserError: A value can't be read.
        """
        with _hiding_values(self._names):
            answers = speak(self._predict(contents))
        return split_answers(answers, map(len, contents))

    def example(self, limits: Limits) -> Sequence[Part]:
        """Return a row of means."""
        return [Part(content=one, num_rows=len(one)) for one in self._example()]

    def _read(self, asked: Asked, limits: Limits) -> Sequence[Part]:
        if asked.content_type == FORM and self._picture_columns:
            return self._read_pictures(asked, limits)
        if asked.content_type == JSON:
            given = parse_json(asked.body)
            most = min(limits.max_batch_size, limits.max_rows)
            numbers = plain_numbers(given, self._names, max_rows=most) if self._takes_numbers else None
            if numbers is not None:
                return [Part(content=numbers, num_rows=len(numbers), key="numbers")]
            rows = self._read_rows(given, limits)
            if len(rows) <= limits.max_batch_size:
                key = frozenset() if self._are_whole(rows) else frozenset(rows[0])
                return [Part(content=rows, num_rows=len(rows), key=key)]
            return _pieces(self._predictor.encode(self._table(rows)), limits)
        content = the_file(asked).content if asked.content_type == FORM else asked.body
        return _pieces(self._predictor.encode(self._read_table(content, limits)), limits)

    def _example(self) -> Sequence[Any]:
        row = example_row(self._spec)
        if not self._picture_columns:
            return [[row]]
        pictures = HeldPictures({row[name]: sample_picture() for name in self._picture_columns})
        return [self._predictor.encode(self._table([row]), pictures)]

    def _predict(self, contents: Sequence[Any]) -> Any:
        if isinstance(contents[0], self._predictor.prepared_type):
            (batch,) = contents
            return self._predictor.predict(batch)
        if isinstance(contents[0], np.ndarray):
            columns = np.asfortranarray(np.concatenate(contents)).T
            return self._predictor.predict(dict(zip(self._names, columns, strict=True)))
        rows = [row for each in contents for row in each]
        return self._predictor.predict(self._columns(rows))

    def _read_pictures(self, asked: Asked, limits: Limits) -> Sequence[Part]:
        uploads = check_pictures(asked.files.get(PICTURES, ()), limits)
        pictures = HeldPictures({one.name: one.content for one in uploads})
        if "rows" in asked.fields:
            table = self._table(
                self._read_rows(parse_json(asked.fields["rows"].encode(errors="replace")), limits)
            )
        elif FILE in asked.files:
            table = self._read_table(the_file(asked).content, limits)
        elif len(self._picture_columns) == 1:
            pictures = HeldPictures({str(i): one.content for i, one in enumerate(uploads)})
            table = pa.table({self._picture_columns[0]: [str(i) for i in range(len(uploads))]})
        else:
            raise unprocessable("rows are needed that name the pictures", field="rows")
        return _pieces(self._predictor.encode(table, pictures), limits)

    def _read_rows(self, given: Any, limits: Limits) -> Rows:
        """Return rows of the same columns, in whichever order they were given."""
        try:
            rows: Rows = self._validator(limits.max_rows).validate_python(given)["rows"]
        except ValidationError as error:
            raise of_validation(error, rows="rows") from None
        if self._are_whole(rows):
            return rows
        names = {name for row in rows for name in row}
        if len(names) < len(self._names):
            self._refuse_lacking(names)
        if any(len(row) < len(names) for row in rows):
            rows = [{name: row.get(name) for name in names} for row in rows]
        return rows

    def _refuse_lacking(self, names: set[str]) -> None:
        try:
            columns_there([*names], self._spec.column_names, self._spec.allow_missing_groups)
        except UserError as error:
            lacking = next(name for name in self._names if name not in names)
            raise unprocessable(str(error), field=lacking) from None
        if not names:
            raise unprocessable("holds none of the columns that the model knows", row=0)

    def _are_whole(self, rows: Rows) -> bool:
        return all(len(row) == len(self._names) for row in rows)

    def _columns(self, rows: Rows) -> Mapping[str, Sequence[Any]]:
        return {name: [row[name] for row in rows] for name in rows[0]}

    def _table(self, rows: Rows) -> pa.Table:
        return pa.table(self._columns(rows))

    def _read_table(self, content: bytes, limits: Limits) -> pa.Table:
        return read_uploaded_table(content, text_columns=self._spec.categorical, limits=limits)


@contextmanager
def _hiding_values(columns: Collection[str]) -> Iterator[None]:
    """Leave out of errors what is quoted but the names of columns: refusals don't repeat what was sent."""
    try:
        yield
    except UserError as error:
        hidden = re.sub(r"'([^']*)'", lambda found: found[0] if found[1] in columns else "'…'", str(error))
        raise UserError(hidden) from None


def _pieces(rows: Any, limits: Limits) -> list[Part]:
    size = limits.max_batch_size
    pieces = [rows[start : start + size] for start in range(0, len(rows), size)]
    return [Part(content=one, num_rows=len(one)) for one in pieces]
