"""Commands as typer takes them: functions whose parameters may stand for several options."""

import inspect
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import is_dataclass
from functools import wraps
from typing import Annotated, Any, get_args

import typer
from pydantic.fields import FieldInfo

from nested_lightning.settings.base import Settings

DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]

Command = Callable[..., None]


def with_options(command: Command) -> Command:
    """Return a command with ``--debug``, and the fields of each dataclass in its parameter's place."""
    parameters: list[inspect.Parameter] = []
    groups: dict[str, tuple[type, list[str]]] = {}
    for name, one in inspect.signature(command).parameters.items():
        if isinstance(one.annotation, type) and is_dataclass(one.annotation):
            options = inspect.signature(one.annotation).parameters
            groups[name] = one.annotation, [*options]
            parameters += options.values()
        else:
            parameters.append(one.replace(kind=inspect.Parameter.KEYWORD_ONLY))

    @wraps(command)
    def run(*, debug: bool, **given: Any) -> None:
        del debug  # `run` of the program looks for it
        for name, (group, options) in groups.items():
            given[name] = group(**{option: given.pop(option) for option in options})
        command(**given)

    sign(run, [*parameters, keyword_parameter("debug", DebugOption, False)])
    return run


def with_given(parameters: Iterable[inspect.Parameter]) -> Callable[[Command], Command]:
    """Return what gives a command parameters for its ``**given``, before those by keyword alone."""

    def signed(command: Command) -> Command:
        own = inspect.signature(command).parameters.values()
        first = [one for one in own if one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
        last = [one for one in own if one.kind is inspect.Parameter.KEYWORD_ONLY]
        sign(command, [*first, *parameters, *last])
        return command

    return signed


def sign(command: Command, parameters: Collection[inspect.Parameter]) -> None:
    """Give a command these parameters, where typer looks for them."""
    command.__signature__ = inspect.Signature([*parameters])  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}


def field_parameters(model: type[Settings]) -> Iterator[inspect.Parameter]:
    """Yield a parameter of a command for each field."""
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


def _option(name: str, field: FieldInfo) -> Any:
    bounds = {
        word: getattr(limit, word)
        for limit in field.metadata
        for word in ("ge", "le")
        if hasattr(limit, word)
    }
    flag = f"--{name.replace('_', '-')}"
    return typer.Option(flag, help=field.description, min=bounds.get("ge"), max=bounds.get("le"))
