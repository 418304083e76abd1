"""One line for each mistake in the settings: name, value, what is allowed, the nearest name."""

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from nested_lightning.settings.describing.walking import Location, Place, dotted, is_alternative, locate, step
from nested_lightning.settings.reading.layers import Layer, Names, find_origin
from nested_lightning.settings.slot import Slot


class SettingsError(ValueError):
    """Mistakes in the settings.

    Attributes:
        problems: One line for each mistake.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


def did_you_mean(name: str, allowed: Iterable[str], written: Callable[[str], str] = str) -> str:
    """Return ``"; did you mean 'seed'?"`` for the nearest allowed name, or an empty string.

    Args:
        name: What was written.
        allowed: Names that may stand there.
        written: Gives the whole of what has to be written for an allowed name.
    """
    names = list(allowed)
    parts = [one for one in names if len(name) > 2 and name in one.split("_")]
    near = difflib.get_close_matches(name, names, n=1) or (parts if len(parts) == 1 else [])
    return f"; did you mean '{written(near[0])}'?" if near else ""


def describe_problems(
    error: ValidationError, model: type[BaseModel], layers: Sequence[Layer] = ()
) -> list[str]:
    """Return one line for each mistake that pydantic found in a settings model.

    Args:
        error: What pydantic raised.
        model: The model that was built.
        layers: Where the values come from, the lowest first; a line begins with the place of its value.
    """
    problems = error.errors(include_url=False)
    deepest = [p for p in problems if not any(_goes_deeper(p["loc"], other["loc"]) for other in problems)]
    return [_describe(dict(problem), model, layers) for problem in deepest]


def _goes_deeper(location: Location, other: Location) -> bool:
    """Return whether another alternative of the same value was followed deeper, and is the one meant."""
    alternatives = [i for i, part in enumerate(location) if is_alternative(part)]
    start = alternatives[-1] if alternatives else len(location)
    return bool(alternatives) and other[:start] == location[:start] and len(other) > len(location)


def _describe(problem: Mapping[str, Any], model: type[BaseModel], layers: Sequence[Layer]) -> str:
    names, parent = locate(model, problem["loc"])
    is_of_kind = problem["type"] == "union_tag_invalid"
    origin = find_origin(layers, (*names, "kind") if is_of_kind else names)
    line = _explain(problem, names, parent)
    return f"{origin}: {line}" if origin else line


def _explain(problem: Mapping[str, Any], names: Names, parent: Place) -> str:
    path, value = dotted(names), problem["input"]
    if problem["type"] == "missing":
        return f"{path}: a value is needed"
    if problem["type"] == "extra_forbidden":
        return f"{path} = {value!r}: unknown name{_allow(names[-1], _names(parent), _sections(parent))}"
    if problem["type"] == "union_tag_not_found":
        allowed = ", ".join(_names(step(parent, names[-1])))
        return f"{path} = {value!r}: choose by {path}.kind (allowed: {allowed})"
    if problem["type"] in ("model_type", "dict_type") and parent is not None:
        return f"{path} = {value!r}: has settings of its own{_allow('', _names(step(parent, names[-1])))}"
    if problem["type"] == "union_tag_invalid":
        kind = problem["ctx"]["tag"]
        return f"{path}.kind = '{kind}': unknown choice{_allow(kind, _names(step(parent, names[-1])))}"
    if problem["type"] == "path_type":
        return f"{path} = {value!r}: a path is needed, written as text"
    message = str(problem["msg"]).removeprefix("Value error, ")
    context = problem.get("ctx", {})
    if isinstance(context.get("error"), SettingsError):
        return message
    expected = re.findall(r"'(.+?)'", str(context.get("expected", "")))
    return f"{path} = {value!r}: {message[0].lower()}{message[1:]}{did_you_mean(str(value), expected)}"


def _allow(name: str, allowed: Sequence[str], elsewhere: Mapping[str, str] | None = None) -> str:
    elsewhere = elsewhere or {}
    near = did_you_mean(name, allowed) or did_you_mean(name, elsewhere, written=elsewhere.__getitem__)
    return f"{near} (allowed: {', '.join(allowed)})" if allowed else ""


def _sections(place: Place) -> dict[str, str]:
    """Return where a name stands that a single section has, e.g. ``trainer.max_epochs``, by that name."""
    inner = {section: _names(step(place, section)) for section in _names(place)}
    times = Counter(name for names in inner.values() for name in names)
    return {name: f"{at}.{name}" for at, names in inner.items() for name in names if times[name] == 1}


def _names(place: Place) -> list[str]:
    if isinstance(place, Slot):
        return list(place.choices)
    return list(place.model_fields) if isinstance(place, type) else []
