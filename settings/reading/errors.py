"""One line for each mistake in the settings: name, value, what is allowed, the nearest name."""

import difflib
import re
import reprlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from nested_lightning.settings.base import Follows
from nested_lightning.settings.describing.walking import Location, Place, dotted, is_alternative, locate, step
from nested_lightning.settings.reading.layers import Layer, Names, find_origin
from nested_lightning.settings.slot import Slot

ModelT = TypeVar("ModelT", bound=BaseModel)

_LISTS_AND_MAPPINGS = ("list_type", "tuple_type", "dict_type", "model_type", "union_tag_not_found")
"""Mistakes where a list or a mapping is wanted, as pydantic calls them."""

MAX_PROBLEMS = 20
"""Mistakes of one source that are explained."""

_MAX_LINE = 1000
"""Characters of a line; the middle of a longer one is left out."""

_BEYOND = ("less_than", "greater_than")
"""A value beyond a bound is of the right type: of several alternatives, this one was meant."""

_MAX_NAME = 100
"""Characters of a name for which a near one is looked for."""

_shortened = reprlib.Repr()
_shortened.maxstring = _shortened.maxlong = _shortened.maxother = 100
_shortened.maxdict = _shortened.maxlist = _shortened.maxtuple = 6
_shortened.maxlevel = 3


class SettingsError(ValueError):
    """Mistakes in the settings."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = [_shorten(problem) for problem in problems]
        super().__init__("\n".join(self.problems))


@contextmanager
def collecting(problems: list[str]) -> Iterator[None]:
    """Add to problems what is wrong within the block, so that others can be found too."""
    try:
        yield
    except SettingsError as error:
        problems += error.problems


def shown(value: Any) -> str:
    """Return a value as Python writes it, and of a long one the beginning and the end."""
    try:
        return _shortened.repr(value)
    except ValueError:  # more digits than Python converts to text
        return "a number of thousands of digits"


def _shorten(problem: str) -> str:
    line = problem.replace("\n", "\\n")  # in a name
    return line if len(line) <= _MAX_LINE else f"{line[: _MAX_LINE // 2]} … {line[-_MAX_LINE // 2 + 3 :]}"


def did_you_mean(name: str, allowed: Iterable[str], written: Callable[[str], str] = str) -> str:
    """Return ``"; did you mean 'seed'?"`` for the nearest allowed name, or an empty string.

    Args:
        name: What was written.
        allowed: Names that may stand there.
        written: Gives the whole of what has to be written for an allowed name.
    """
    names = list(allowed) if len(name) <= _MAX_NAME else []
    parts = [one for one in names if len(name) > 2 and name in one.split("_")]
    near = difflib.get_close_matches(name, names, n=1) or (parts if len(parts) == 1 else [])
    return f"; did you mean '{written(near[0])}'?" if near else ""


def checked(
    model: type[ModelT], values: Mapping[str, Any], layers: Sequence[Layer] = (), below: Names = ()
) -> ModelT:
    """Return values as the settings that they are meant to be; see `describe_problems`.

    Raises:
        SettingsError: With one line for each mistake.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise SettingsError(describe_problems(error, model, layers, below)) from None


def describe_problems(
    error: ValidationError, model: type[BaseModel], layers: Sequence[Layer] = (), below: Names = ()
) -> list[str]:
    """Return one line for each mistake that pydantic found in a settings model, and a count of those over 20.

    Args:
        error: What pydantic found.
        model: Of the settings.
        layers: The lowest first; a line begins with the place of its value in them.
        below: Path of the settings themselves.
    """
    problems = error.errors(include_url=False)
    depths = _depths(problem["loc"] for problem in problems)
    beyond = {problem["loc"][:-1] for problem in problems if problem["type"].startswith(_BEYOND)}
    meant = [
        problem
        for problem in problems
        if not _goes_deeper(problem["loc"], depths)
        and (problem["type"].startswith(_BEYOND) or not _is_beside(problem["loc"], beyond))
    ]
    said = (_describe(dict(problem), model, layers, below) for problem in meant[:MAX_PROBLEMS])
    lines = [*dict.fromkeys(said)]  # alternatives may give the same line
    left_out = max(0, len(meant) - MAX_PROBLEMS)
    return [*lines, f"and {left_out:,} more mistakes"] if left_out else lines


def _depths(locations: Iterable[Location]) -> dict[Location, int]:
    """Return how deep the deepest location is that begins with each location."""
    depths: dict[Location, int] = {}
    for location in locations:
        for length in range(len(location) + 1):
            depths[location[:length]] = max(len(location), depths.get(location[:length], 0))
    return depths


def _goes_deeper(location: Location, depths: Mapping[Location, int]) -> bool:
    """Return whether another alternative of the same value was followed deeper, and is the one meant."""
    alternatives = [i for i, part in enumerate(location) if is_alternative(part)]
    return bool(alternatives) and depths[location[: alternatives[-1]]] > len(location)


def _is_beside(location: Location, beyond: Set[Location]) -> bool:
    """Return whether another alternative of the same value was meant, which is beyond its bounds."""
    return bool(location) and location[:-1] in beyond and is_alternative(location[-1])


def _describe(
    problem: Mapping[str, Any], model: type[BaseModel], layers: Sequence[Layer], below: Names
) -> str:
    names, parent = locate(model, problem["loc"])
    is_of_kind = problem["type"] == "union_tag_invalid"
    is_missing = problem["type"] == "missing"  # no layer has it
    names = _led(names, parent, layers)
    origin = None if is_missing else find_origin(layers, (*names, "kind") if is_of_kind else names)
    line = _explain(problem, (*below, *names), parent)
    return f"{origin}: {line}" if origin else line


def _led(names: Names, parent: Place, layers: Sequence[Layer]) -> Names:
    """Return the names of a setting; of one that isn't given and follows another, the other's."""
    field = _field(names, parent)
    leaders = [one.leader for one in (field.metadata if field else ()) if isinstance(one, Follows)]
    is_given = not leaders or any(layer.has(names) for layer in layers)
    return names if is_given else (*names[:-1], leaders[0])


def _field(names: Names, parent: Place) -> FieldInfo | None:
    return parent.model_fields.get(str(names[-1])) if isinstance(parent, type) and names else None


def _explain(problem: Mapping[str, Any], names: Names, parent: Place) -> str:
    of_submodule = names[:1] == ("submodules",)  # its names are paths, as in faults of policies
    path, value = ".".join(names) if of_submodule else dotted(names), shown(problem["input"])
    if problem["type"] == "missing":
        field = _field(names, parent)
        said = ((field and field.description) or "").rstrip(".")
        return f"{path}: a value is needed{said and f' ({said})'}"
    if problem["type"] == "extra_forbidden":
        if instead := getattr(parent, "elsewhere", {}).get(names[-1]):
            return f"{path} = {value}: is no setting: {instead}"
        return f"{path} = {value}: unknown name{_allow(names[-1], _names(parent), _sections(parent))}"
    written = problem["input"] if isinstance(problem["input"], str) else ""
    if problem["type"] in _LISTS_AND_MAPPINGS and written.startswith(("[", "{")):
        return f'{path} = {value}: is not JSON; write a list as ["a", "b"] and a mapping as {{"a": 1}}'
    if problem["type"] == "union_tag_not_found":
        allowed = ", ".join(_names(step(parent, names[-1])))
        return f"{path} = {value}: choose by {path}.kind (allowed: {allowed})"
    if problem["type"] == "dict_type" and isinstance(problem["input"], list) and parent is not None:
        named = shown({"mine": problem["input"][0]} if problem["input"] else {})
        return f"{path} = {value}: is no list, its items have names: write {named}"
    if problem["type"] in ("model_type", "dict_type") and parent is not None:
        return f"{path} = {value}: has settings of its own{_allow('', _names(step(parent, names[-1])))}"
    if problem["type"] == "union_tag_invalid":
        kind = problem["ctx"]["tag"]
        allowed = _allow(kind, _names(step(parent, names[-1])))
        return f"{path}.kind = {shown(kind)}: unknown choice{allowed}"
    if problem["type"] == "path_type":
        return f"{path} = {value}: a path is needed, written as text"
    if problem["type"] == "list_type" and isinstance(problem["input"], str):
        return f"{path} = {value}: a list is needed, written as [{written}]"
    message = str(problem["msg"]).removeprefix("Value error, ")
    context = problem.get("ctx", {})
    if isinstance(context.get("error"), SettingsError):
        return message
    expected = re.findall(r"'(.+?)'", str(context.get("expected", "")))
    near = did_you_mean(written, expected)
    return f"{path} = {value}: {message[0].lower()}{message[1:]}{near}"


def _allow(name: str, allowed: Sequence[str], elsewhere: Mapping[str, str] | None = None) -> str:
    elsewhere = elsewhere or {}
    near = did_you_mean(name, allowed) or did_you_mean(name, elsewhere, written=elsewhere.__getitem__)
    return f"{near} (allowed: {', '.join(allowed)})" if allowed else ""


@cache
def _sections(place: Place) -> dict[str, str]:
    """Return where a name stands that a single section has, e.g. ``trainer.max_epochs``, by that name."""
    inner = {section: _names(step(place, section)) for section in _names(place)}
    times = Counter(name for names in inner.values() for name in names)
    return {name: f"{at}.{name}" for at, names in inner.items() for name in names if times[name] == 1}


def _names(place: Place) -> list[str]:
    if isinstance(place, Slot):
        return list(place.choices)
    return list(place.model_fields) if isinstance(place, type) else []
