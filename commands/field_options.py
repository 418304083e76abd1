"""Options of a command that are the fields of a settings model."""

import inspect
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, TypeVar, get_args

import typer
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from nested_lightning.settings.base import Settings
from nested_lightning.settings.reading.errors import SettingsError, describe_problems

SettingsT = TypeVar("SettingsT", bound=Settings)


def field_parameters(model: type[Settings]) -> Iterator[inspect.Parameter]:
    """Yield a parameter of a command for each field, for typer."""
    for name, field in model.model_fields.items():
        yield keyword_parameter(name, Annotated[field.annotation, _option(name, field)], field.default)


def optional_parameters(model: type[Settings], *, but_for: Collection[str]) -> Iterator[inspect.Parameter]:
    """Yield the same with None where nothing is given, for values that files may say too."""
    for one in field_parameters(model):
        if one.name not in but_for:
            annotation, option = get_args(one.annotation)
            yield keyword_parameter(one.name, Annotated[annotation | None, option], None)


def keyword_parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    """Return a parameter of a command; one without a default is needed."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def check_given(model: type[SettingsT], given: Mapping[str, Any]) -> SettingsT:
    """Return the settings that were given, and leave out other names.

    Raises:
        SettingsError: A value is wrong.
    """
    try:
        return model.model_validate({name: given[name] for name in model.model_fields})
    except ValidationError as error:
        raise SettingsError(describe_problems(error, model)) from None


def _option(name: str, field: FieldInfo) -> Any:
    bounds = {
        word: getattr(limit, word)
        for limit in field.metadata
        for word in ("ge", "le")
        if hasattr(limit, word)
    }
    flag = f"--{name.replace('_', '-')}"
    return typer.Option(flag, help=field.description, min=bounds.get("ge"), max=bounds.get("le"))
