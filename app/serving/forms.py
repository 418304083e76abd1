"""Content types, the parts of a form, and JSON as it arrives."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from nested_lightning.app.serving.desk import Asked, Upload
from nested_lightning.app.serving.problems import Problem, of_validation, unprocessable

JSON, FORM, TEXT, PNG = "application/json", "multipart/form-data", "text/plain", "image/png"
LINES = "application/x-ndjson"
FILE, FILES, PICTURES = "file", "files", "pictures"

ModelT = TypeVar("ModelT", bound=BaseModel)


def parse_json(body: bytes | str) -> Any:
    """Return what JSON says, which knows no NaN.

    Raises:
        Problem: It is none; the place is named.
    """
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Problem(400, f"the body is no JSON: {error}") from None


def read_as(model: type[ModelT], given: Any, *, rows: str | None = None) -> ModelT:
    """Return what was given as a model; ``rows`` names the list whose numbers are those of rows.

    Raises:
        Problem: Something of it is wrong.
    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise of_validation(error, rows=rows) from None


def the_file(asked: Asked) -> Upload:
    """Return the one file of a form.

    Raises:
        Problem: There is none, or there are several.
    """
    files = asked.files.get(FILE, ())
    if len(files) != 1:
        raise unprocessable(f"one file is needed, and there are {len(files)}", field=FILE)
    return files[0]


def form_schema(*names: str) -> dict[str, Any]:
    """Return the JSON schema of a form with parts of these names: `FILE`, `FILES`, `PICTURES`, or texts."""
    binary = {"type": "string", "format": "binary"}
    several = {"type": "array", "items": binary}
    parts: dict[str, Any] = {FILE: binary, FILES: several, PICTURES: several}
    return {"type": "object", "properties": {name: parts.get(name, {"type": "string"}) for name in names}}


def body_schema(properties: Mapping[str, Any], *, required: Sequence[str]) -> dict[str, Any]:
    """Return the JSON schema of an object that has these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": [*required],
        "additionalProperties": False,
    }
