"""Values that pydantic would take and no field should: booleans as numbers, text that no file can hold."""

from pathlib import Path, PurePath
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationInfo


def refuse_what_can_not_be_meant(model: type[BaseModel], value: Any, info: ValidationInfo) -> Any:
    """Validate a field before pydantic does; a number is the name of a file where no number fits.

    Raises:
        ValueError: true or false stands where only a number fits, or text has a NUL character.
    """
    if any("\0" in text for text in _texts(value)):
        raise ValueError("a NUL character can't stand here")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number or _has_truth(value):
        kinds = set(_scalars(model.model_fields[info.field_name or ""].annotation))
        if not is_number and bool not in kinds and kinds & {int, float}:
            raise ValueError("a number is needed here, not true or false")
        if is_number and Path in kinds and not kinds & {int, float}:
            return str(value)
    return value


def _texts(value: Any) -> list[str]:
    """Return a text or a path, those in a list, or the names of a mapping."""
    values = list(value) if isinstance(value, dict) else value
    values = values if isinstance(values, list | tuple) else [values]
    return [str(item) for item in values if isinstance(item, str | PurePath)]


def _has_truth(value: Any) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return any(isinstance(item, bool) for item in value)
    return isinstance(value, bool)


def _scalars(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Annotated:
        return _scalars(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType, list, tuple, dict):
        return [scalar for inner in get_args(annotation) for scalar in _scalars(inner)]
    return [annotation]
