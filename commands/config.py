"""``config``: the resolved settings, where each comes from, how two runs differ, and the schema."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml

from nested_lightning.commands.options import best_of_run
from nested_lightning.commands.own_families import know_family, know_for_help
from nested_lightning.commands.printing import settings_reference
from nested_lightning.commands.printing.console import print_note, print_records
from nested_lightning.commands.sources import HelpSources, resolve_noted
from nested_lightning.settings.application import (
    ApplicationSettings,
    application_settings_model,
    expand_layers,
    parse_settings,
)
from nested_lightning.settings.describing.chosen import ChosenRow, chosen_rows
from nested_lightning.settings.describing.walking import dotted
from nested_lightning.settings.families import families
from nested_lightning.settings.reading.layers import Layer, Names, find_values, lacking_overrides
from nested_lightning.settings.reading.loading import load_settings
from nested_lightning.settings.reading.merging import flatten, merge_layers
from nested_lightning.settings.reading.yaml_file import OVERRIDES, read_settings_file

if TYPE_CHECKING:
    from nested_lightning.app.checkpoints.recipe import Recipe

_MODEL_FILES = (".ckpt", ".safetensors")
_MAX_LENGTH = 60
"""Characters that are shown of what comes from the data."""


def config(
    sources: HelpSources,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show where each value comes from, and what it replaced.")
    ] = False,
    describe: Annotated[
        str | None,
        typer.Option(
            "--describe",
            metavar="PATH",
            help="Show what is chosen at a path: its settings with defaults, bounds and meaning, and what a "
            "wiring gives it.",
        ),
    ] = None,
    diff: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            "--diff", metavar="A B", help="Compare the settings of two run folders, checkpoints or files."
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            "--checkpoint",
            help="Begin with the settings in a checkpoint, or in the best one of a run folder.",
            callback=best_of_run,
        ),
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema, for editors that complete YAML.")
    ] = False,
    reference: Annotated[
        bool, typer.Option("--reference", help="Print every setting with its default and what is allowed.")
    ] = False,
) -> None:
    """Print the resolved settings as YAML that --config takes back."""
    know = know_for_help if schema or reference else know_family
    sources = replace(sources, model=know(sources.model))
    if schema:
        typer.echo(json.dumps(application_settings_model().model_json_schema(), indent=2))
        return
    if reference:
        typer.echo("\n".join(settings_reference.reference()), nl=False)
        return
    if diff:
        _compare(*diff)
        return
    recipe = read_checkpoint(checkpoint) if checkpoint else None
    below = [Layer(recipe.settings, origin=f"checkpoint {checkpoint}")] if recipe else []
    layers = expand_layers(sources.layers(below=below))
    settings = resolve_noted(layers)
    for line in lacking_overrides(layers, [request.path for request in sources.requests]):
        print_note(line)
    if describe:
        print_records(describe, [*ChosenRow.__annotations__], chosen_rows(settings, describe))
    elif explain:
        _explain(layers, settings, recipe.data_spec if recipe else {})
    else:
        typer.echo(yaml.safe_dump(settings.to_plain(), sort_keys=False, allow_unicode=True), nl=False)


def read_checkpoint(path: Path) -> "Recipe":
    """Return what a checkpoint was made with; torch is imported here, and only then.

    Raises:
        UserError: It can't be read, or has no recipe.
    """
    from nested_lightning.app.checkpoints.model_file import read_model_file
    from nested_lightning.app.checkpoints.recipe import read_recipe

    return read_recipe(read_model_file(path, is_part_enough=True, is_completed=False), source=path)


def _explain(layers: Sequence[Layer], settings: ApplicationSettings, data_spec: Mapping[str, Any]) -> None:
    stages = merge_layers(layers, application_settings_model())
    rows = []
    for names, value in flatten(settings.to_plain()).items():
        (_, origin), *lower = [*find_values(layers, stages, names)] or [(None, "default")]
        if origin.startswith(f"--set {dotted(names)}="):
            origin = "--set"  # the row shows the rest
        replaced = "; ".join(f"{_as_text(below)} ({place})" for below, place in lower)
        rows.append((dotted(names), _as_text(value), origin, replaced))
    rows += [
        (f"data_spec.{dotted(names)}", _shorten(_as_text(value)), "data", "")
        for names, value in flatten(data_spec).items()
    ]
    print_records("Settings", ["name", "value", "from", "replaced"], rows)


def _compare(first: Path, second: Path) -> None:
    one, other = (_read_settings(path) for path in (first, second))
    rows = [
        (_as_name(names), _as_text(one.get(names, "-")), _as_text(other.get(names, "-")))
        for names in dict.fromkeys([*one, *other])
        if one.get(names) != other.get(names)
    ]
    if not rows:
        print_note(f"the settings of {first} and {second} are the same")
        return
    print_records("What differs", ["name", str(first), str(second)], rows)


def _read_settings(path: Path) -> Mapping[Names, Any]:
    """Return settings and overrides; those of a family that isn't known here are as the file has them."""
    if path.suffix in _MODEL_FILES:
        recipe = read_checkpoint(path)
        is_known = recipe.family in families()
        settings = parse_settings(recipe.settings).to_plain() if is_known else recipe.settings
        return _with_overrides(settings, {each.path: each.text for each in recipe.overrides})
    file = path / "settings.yaml" if path.is_dir() else path
    layers = read_settings_file(file)
    overrides = {name: text for layer in layers for name, text in layer.overrides.items()}
    written = merge_layers(layers, application_settings_model())[-1]
    family = written.get("model")
    if isinstance(family, str) and family not in families():
        if file == path:  # a training writes all of them
            print_note(f"{path} is compared as it is written, since no family '{family}' is known here")
        return _with_overrides(written, overrides)
    return _with_overrides(load_settings(config=file, overrides=None).to_plain(), overrides)


def _with_overrides(settings: Mapping[str, Any], overrides: Mapping[str, str]) -> dict[Names, Any]:
    return flatten(settings) | {(OVERRIDES, path): text for path, text in overrides.items()}


def _as_name(names: Names) -> str:
    return " ".join(names) if names[0] == OVERRIDES else dotted(names)  # a path keeps its dots


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_LENGTH else f"{text[: _MAX_LENGTH - 1]}…"


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
