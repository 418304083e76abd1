"""Environment variables as a layer of settings."""

import json
from collections.abc import Mapping
from functools import partial, reduce
from typing import Any

from pydantic import BaseModel

from nested_lightning.settings.describing.walking import NamedItems, Place, step_of_any
from nested_lightning.settings.reading.errors import did_you_mean
from nested_lightning.settings.reading.layers import Layer, Names
from nested_lightning.settings.reading.merging import merge, nest_at
from nested_lightning.settings.reading.written_numbers import value_of

ENV_PREFIX = "NESTED_LIGHTNING__"
"""How the name of every variable starts; ``__`` stands between the names of a dotted path."""


def read_environment(environ: Mapping[str, str], model: type[BaseModel]) -> tuple[Layer, list[str]]:
    """Return the nested values of the variables that start with `ENV_PREFIX`, and what is wrong with others.

    Lists and mappings are written as JSON or as YAML in one line, None as ``null``. There is a line for each
    variable that names no setting of ``model``, or whose value is text where settings have to be.
    """
    known = {name.upper() for name in model.model_fields}
    values: dict[str, Any] = {}
    origins: dict[Names, str] = {}
    problems = []
    for name in sorted(environ, key=lambda name: name.count("__")):  # what is within a value comes after it
        text, names = environ[name], _names(name)
        if not name.upper().startswith(ENV_PREFIX):
            if name.upper().startswith(ENV_PREFIX.rstrip("_")):
                problems.append(
                    f"{name}: unknown variable; the name of every variable starts with {ENV_PREFIX}"
                )
        elif names[0].upper() not in known:
            problems.append(_unknown_variable(name, text, known))
        elif _is_section(names, model) and isinstance(_value_of(text), str):
            hint = 'write a list as ["a", "b"] and a mapping as {"a": 1}'
            problems.append(f"{name} = {text!r}: is not JSON; {hint}")
        else:
            values = merge(values, nest_at(names, _value_of(text)))
            origins[names] = name
    return Layer(values, origin="environment", origins=origins), problems


def _value_of(text: str) -> Any:
    """Return a list or a mapping that is written as JSON, or as YAML in one line; other text as it is."""
    if text[:1] not in ("[", "{"):
        return None if text == "null" else text
    try:
        numbers = {f"parse_{kind}": partial(value_of, kind) for kind in ("int", "float")}
        return json.loads(text, **numbers)  # type: ignore[arg-type]
    except ValueError:
        from nested_lightning.settings.reading.yaml_values import YamlValues  # imports YAML, which few need
    try:
        return YamlValues("", has_lines=False).read(text, must_be_mapping=False)
    except ValueError:
        return text


def _is_section(names: Names, model: Place) -> bool:
    return isinstance(reduce(step_of_any, names, model), type | NamedItems)


def _names(variable: str) -> Names:
    return tuple(variable.upper().removeprefix(ENV_PREFIX).lower().split("__"))


def _unknown_variable(name: str, value: str, known: set[str]) -> str:
    first, *rest = map(str.upper, _names(name))
    near = did_you_mean(first, known, written=lambda known: ENV_PREFIX + "__".join([known, *rest]))
    allowed = ", ".join(sorted(ENV_PREFIX + field for field in known))
    return f"{name} = {value!r}: unknown variable{near} (allowed: {allowed})"
