"""Settings in layers: defaults, presets, a YAML file, environment variables, assignments."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic_settings import EnvSettingsSource

from settings.application import ApplicationSettings, application_settings_model, parse_settings
from settings.errors import SettingsError, did_you_mean
from settings.families import families, find_family
from settings.family import Family
from settings.merging import merge

ENV_PREFIX = "NESTED_LIGHTNING__"
"""How the name of every variable starts; ``__`` stands between the names of a dotted path."""


def load_settings(
    *,
    model: str | None = None,
    presets: Sequence[str] = (),
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    assignments: Sequence[Mapping[str, Any]] = (),
    family_values: Mapping[str, Any] | None = None,
) -> ApplicationSettings:
    """Merge all layers, the later over the earlier, and check the result.

    Args:
        model: Name of the family; None: what a later layer says.
        presets: Names of the family's presets, in order.
        config: YAML file; a preset is below it.
        environ: Environment variables, above the file; None: none are read.
        assignments: Nested values above these, see `settings.merging.parse_assignment`.
        family_values: Nested values of the section of the family in use, above all others.

    Raises:
        SettingsError: With one line for each mistake.
    """
    layers = [read_yaml(config) if config else {}, read_environment(environ or {}), *assignments]
    if model is not None:
        layers.append({"model": model})
    values: dict[str, Any] = {}
    for layer in layers:
        values = merge(values, layer)
    for preset in reversed(presets):
        values = merge(_find_preset(_family_of(values), preset), values)
    section = _family_of(values).section
    return parse_settings(merge(values, {section: family_values or {}}))


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the nested values of a settings file.

    Raises:
        SettingsError: The file can't be read, or isn't a YAML mapping of names to values.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"--config {path}: can't be read: {error}"]) from None
    except yaml.YAMLError as error:
        raise SettingsError([f"--config {path}: is not YAML: {' '.join(str(error).split())}"]) from None
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise SettingsError([f"--config {path}: must be names with values, e.g. seed: 1"])
    return values


def read_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the nested values of the variables that start with `ENV_PREFIX`.

    Raises:
        SettingsError: A variable names no setting.
    """
    model = application_settings_model()
    known = {name.upper() for name in model.model_fields}
    named = {name: name.upper().removeprefix(ENV_PREFIX) for name in environ if _is_ours(name)}
    unknown = [name for name, rest in named.items() if rest.split("__")[0] not in known]
    if unknown:
        raise SettingsError([_unknown_variable(name, environ[name], known) for name in unknown])
    source = EnvSettingsSource(
        model, env_prefix=ENV_PREFIX, env_nested_delimiter="__", env_parse_none_str="null"
    )
    source.env_vars = {name.lower(): None if environ[name] == "null" else environ[name] for name in named}
    try:
        return source()
    except ValueError as error:
        raise SettingsError([f"{ENV_PREFIX}…: a value is not JSON: {error}"]) from None


def _is_ours(name: str) -> bool:
    return name.upper().startswith(ENV_PREFIX)


def _unknown_variable(name: str, value: str, known: set[str]) -> str:
    rest = name.upper().removeprefix(ENV_PREFIX)
    allowed = ", ".join(sorted(ENV_PREFIX + field for field in known))
    return f"{name} = {value!r}: unknown variable{did_you_mean(rest, known)} (allowed: {allowed})"


def _family_of(values: Mapping[str, Any]) -> Family:
    name = values.get("model")
    if not isinstance(name, str):
        raise SettingsError([f"model: a value is needed (allowed: {', '.join(families())})"])
    return find_family(name)


def _find_preset(family: Family, name: str) -> Mapping[str, Any]:
    if name not in family.presets:
        hint = did_you_mean(name, family.presets)
        allowed = ", ".join(family.presets) or "none"
        raise SettingsError([f"--preset {name}: {family.name} has no such preset{hint} (allowed: {allowed})"])
    return family.presets[name].values
