"""Environment variables as a layer of settings."""

from collections.abc import Mapping
from typing import Any

from pydantic_settings import BaseSettings, EnvSettingsSource

from settings.errors import SettingsError, did_you_mean
from settings.layers import Layer, Names

ENV_PREFIX = "NESTED_LIGHTNING__"
"""How the name of every variable starts; ``__`` stands between the names of a dotted path."""


def read_environment(environ: Mapping[str, str], model: type[BaseSettings]) -> Layer:
    """Return the nested values of the variables that start with `ENV_PREFIX`.

    Lists and mappings are written as JSON, None as ``null``.

    Args:
        environ: All variables by name.
        model: The settings that they may name.

    Raises:
        SettingsError: Variables that name no setting, or values that aren't JSON, one line each.
    """
    ours = {name: environ[name] for name in environ if name.upper().startswith(ENV_PREFIX)}
    known = {name.upper() for name in model.model_fields}
    unknown = [name for name in ours if _names(name)[0].upper() not in known]
    if unknown:
        raise SettingsError([_unknown_variable(name, environ[name], known) for name in unknown])
    values: dict[str, Any] = {}
    source = EnvSettingsSource(
        model, env_prefix=ENV_PREFIX, env_nested_delimiter="__", env_parse_none_str="null"
    )
    source.env_vars = {name.lower(): None if value == "null" else value for name, value in ours.items()}
    try:
        values = source()
    except ValueError as error:
        raise SettingsError([f"{ENV_PREFIX}…: a value is not JSON: {error}"]) from None
    return Layer(values, origin="environment", origins={_names(name): name for name in ours})


def _names(variable: str) -> Names:
    return tuple(variable.upper().removeprefix(ENV_PREFIX).lower().split("__"))


def _unknown_variable(name: str, value: str, known: set[str]) -> str:
    rest = name.upper().removeprefix(ENV_PREFIX)
    allowed = ", ".join(sorted(ENV_PREFIX + field for field in known))
    return f"{name} = {value!r}: unknown variable{did_you_mean(rest, known)} (allowed: {allowed})"
