"""Environment variables as a layer of settings."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from pydantic import BaseModel

from nested_lightning.settings.reading.errors import did_you_mean
from nested_lightning.settings.reading.layers import Layer, Names
from nested_lightning.settings.reading.written_numbers import value_of

ENV_PREFIX = "NESTED_LIGHTNING__"
"""How the name of every variable starts; ``__`` stands between the names of a dotted path."""


def read_environment(environ: Mapping[str, str], model: type[BaseModel]) -> tuple[Layer, list[str]]:
    """Return the nested values of the variables that start with `ENV_PREFIX`, and what is wrong with others.

    Lists and mappings are written as JSON or as YAML in one line, None as ``null``. There is a line for each
    variable that names no setting of ``model``, or whose value isn't either where it must be.
    """
    known = {name.upper() for name in model.model_fields}
    usable: dict[str, str] = {}
    problems = []
    for name, value in environ.items():
        if not name.upper().startswith(ENV_PREFIX):
            if name.upper().startswith(ENV_PREFIX.rstrip("_")):
                problems.append(
                    f"{name}: unknown variable; the name of every variable starts with {ENV_PREFIX}"
                )
        elif _names(name)[0].upper() not in known:
            problems.append(_unknown_variable(name, value, known))
        elif not _is_readable({name: value}, model):
            hint = 'write a list as ["a", "b"] and a mapping as {"a": 1}'
            problems.append(f"{name} = {value!r}: is not JSON; {hint}")
        else:
            usable[name] = value
    values: dict[str, Any] = _decode(_read(usable, model)) if usable else {}
    origins = {_names(name): name for name in usable}
    return Layer(values, origin="environment", origins=origins), problems


def _read(variables: Mapping[str, str], model: Any) -> dict[str, Any]:
    from pydantic_settings import EnvSettingsSource  # takes any model, although declared for settings only

    source = EnvSettingsSource(
        model, env_prefix=ENV_PREFIX, env_nested_delimiter="__", env_parse_none_str="null"
    )
    source.decode_complex_value = _decode_field  # type: ignore[method-assign]
    source.env_vars = {name.lower(): None if value == "null" else value for name, value in variables.items()}
    return source()


def _is_readable(variables: Mapping[str, str], model: type[BaseModel]) -> bool:
    try:
        _read(variables, model)
    except ValueError:
        return False
    return True


def _decode(value: Any) -> Any:
    """Read the lists and mappings within choices, whose fields pydantic-settings doesn't know."""
    if isinstance(value, dict):
        return {name: _decode(inner) for name, inner in value.items()}
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return _decoded(value)
        except ValueError:
            return value
    return value


def _decode_field(field_name: str, field: Any, value: Any) -> Any:
    del field_name, field
    return _decoded(value)


def _decoded(text: str) -> Any:
    """Return a list or a mapping that is written as JSON, or as YAML in one line; names stay as they are."""
    try:
        numbers = {f"parse_{kind}": partial(value_of, kind) for kind in ("int", "float")}
        return json.loads(text, **numbers)  # type: ignore[arg-type]
    except ValueError:
        if text[:1] not in ("[", "{"):
            raise
    from nested_lightning.settings.reading.yaml_values import YamlValues  # imports YAML, which few need

    return YamlValues("", has_lines=False).read(text, must_be_mapping=False)


def _names(variable: str) -> Names:
    return tuple(variable.upper().removeprefix(ENV_PREFIX).lower().split("__"))


def _unknown_variable(name: str, value: str, known: set[str]) -> str:
    first, *rest = map(str.upper, _names(name))
    near = did_you_mean(first, known, written=lambda known: ENV_PREFIX + "__".join([known, *rest]))
    allowed = ", ".join(sorted(ENV_PREFIX + field for field in known))
    return f"{name} = {value!r}: unknown variable{near} (allowed: {allowed})"
