"""Environment variables as a layer of settings."""

import json
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from pydantic import BaseModel

from nested_lightning.settings.reading.errors import SettingsError, did_you_mean
from nested_lightning.settings.reading.layers import Layer, Names
from nested_lightning.settings.reading.merging import merge, nest_at
from nested_lightning.settings.reading.written_numbers import PLAIN, value_of

ENV_PREFIX = "NESTED_LIGHTNING__"
"""How the name of every variable starts; ``__`` stands between the names of a dotted path."""

_NUMBERS: Any = {f"parse_{kind}": partial(value_of, kind) for kind in ("int", "float")}


def read_environment(environ: Mapping[str, str], model: type[BaseModel]) -> tuple[Layer, list[str]]:
    """Return the nested values of the variables that start with `ENV_PREFIX`, and what is wrong with others.

    Lists and mappings are written as JSON or as YAML in one line, None as ``null``. There is a line for each
    variable that names no setting of ``model``.
    """
    known = {name.upper() for name in model.model_fields}
    values: dict[str, Any] = {}
    origins: dict[Names, str] = {}
    problems = []
    for name in sorted(environ, key=lambda name: name.count("__")):  # what is within a value comes after it
        value, names = environ[name], _names(name)
        if not name.upper().startswith(ENV_PREFIX):
            if name.upper().startswith(ENV_PREFIX.rstrip("_")):
                problems.append(
                    f"{name}: unknown variable; the name of every variable starts with {ENV_PREFIX}"
                )
        elif names[0].upper() not in known:
            problems.append(_unknown_variable(name, value, known))
        else:
            written = _value_of(value)
            values = merge(values, _placed(name, written, model) or nest_at(names, written))
            origins[names] = name
    return Layer(values, origin="environment", origins=origins), problems


def _placed(name: str, value: Any, model: Any) -> dict[str, Any]:
    """Return a variable's value in its place; nothing where no setting takes it, which is refused later."""
    from pydantic_settings import EnvSettingsSource  # takes any model, although declared for settings only

    source = EnvSettingsSource(model, env_prefix=ENV_PREFIX, env_nested_delimiter="__")
    source.env_vars = {name.lower(): value}
    source.decode_complex_value = lambda *given: given[-1]  # type: ignore[method-assign]
    return source()


def _value_of(text: str) -> Any:
    """Return a list or a mapping in JSON or YAML, a number, None for ``null``; anything else is text."""
    if text[:1] in ("[", "{"):
        with suppress(ValueError, RecursionError):
            return json.loads(text, **_NUMBERS)
        from nested_lightning.settings.reading.yaml_values import YamlValues  # imports YAML, which few need

        with suppress(SettingsError):
            return YamlValues("", has_lines=False).read(text, must_be_mapping=False)
    kinds = [kind for kind in ("int", "float") if PLAIN[kind].fullmatch(text)]
    return None if text == "null" else value_of(kinds[0] if kinds else "str", text)


def _names(variable: str) -> Names:
    return tuple(variable.upper().removeprefix(ENV_PREFIX).lower().split("__"))


def _unknown_variable(name: str, value: str, known: set[str]) -> str:
    first, *rest = map(str.upper, _names(name))
    near = did_you_mean(first, known, written=lambda known: ENV_PREFIX + "__".join([known, *rest]))
    allowed = ", ".join(sorted(ENV_PREFIX + field for field in known))
    return f"{name} = {value!r}: unknown variable{near} (allowed: {allowed})"
