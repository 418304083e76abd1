"""``config``: the resolved settings, where each comes from, how two runs differ, and the schema."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from commands.options import (
    ConfigOption,
    DebugOption,
    ModelOption,
    PresetOption,
    SetOption,
    collect_sources,
    resolve_settings,
)
from commands.printing import print_table
from settings import load_settings
from settings.application import application_settings_model
from settings.layers import find_values
from settings.loading import resolve_layers
from settings.merging import flatten
from settings.walking import dotted


def config(
    model: ModelOption = None,
    preset: PresetOption = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show where each value comes from, and what it replaced.")
    ] = False,
    diff: Annotated[
        tuple[Path, Path] | None,
        typer.Option("--diff", metavar="A B", help="Compare the settings of two run folders or files."),
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema, for editors that complete YAML.")
    ] = False,
    debug: DebugOption = False,
) -> None:
    """Print the resolved settings as YAML that --config takes back."""
    del debug
    sources: dict[str, Any] = {"model": model, "preset": preset, "config": config, "set_": set_}
    if schema:
        typer.echo(json.dumps(application_settings_model().model_json_schema(), indent=2))
    elif diff:
        _compare(*diff)
    elif explain:
        _explain(sources)
    else:
        settings = resolve_settings(**sources)
        typer.echo(yaml.safe_dump(settings.to_plain(), sort_keys=False, allow_unicode=True), nl=False)


def _explain(sources: dict[str, Any]) -> None:
    layers = collect_sources(**sources)
    settings = resolve_layers(layers)
    rows = []
    for names, value in flatten(settings.to_plain()).items():
        (_, origin), *lower = [*find_values(layers, names)] or [(None, "default")]
        replaced = "; ".join(f"{_as_text(below)} ({place})" for below, place in lower)
        rows.append((dotted(names), _as_text(value), origin, replaced))
    print_table("Settings", ["name", "value", "from", "replaced"], rows, numeric=False)


def _compare(first: Path, second: Path) -> None:
    one, other = (flatten(load_settings(config=_settings_file(path)).to_plain()) for path in (first, second))
    rows = [
        (dotted(names), _as_text(one.get(names, "-")), _as_text(other.get(names, "-")))
        for names in dict.fromkeys([*one, *other])
        if one.get(names) != other.get(names)
    ]
    print_table("What differs", ["name", str(first), str(second)], rows, numeric=False)


def _settings_file(path: Path) -> Path:
    return path / "settings.yaml" if path.is_dir() else path


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
