"""true and false are no numbers, though Python takes them for 1 and 0."""

from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationInfo


def refuse_truth_for_number(model: type[BaseModel], value: Any, info: ValidationInfo) -> Any:
    """Validate a field before pydantic does: true and false may not stand where only a number fits.

    Raises:
        ValueError: They do.
    """
    if _has_truth(value):
        kinds = set(_scalars(model.model_fields[info.field_name or ""].annotation))
        if bool not in kinds and kinds & {int, float}:
            raise ValueError("a number is needed here, not true or false")
    return value


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
