"""Options that several commands share, and the settings that they make."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from settings import ApplicationSettings, load_settings
from settings.merging import merge, nest, parse_assignment

ModelOption = Annotated[str | None, typer.Option("--model", "-m", help="Family to train, see `models`.")]
PresetOption = Annotated[
    list[str] | None, typer.Option("--preset", help="Named set of settings, see `models`.")
]
ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help="YAML file of settings.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", "-s", help="One setting, e.g. multi_feature.head.dropout=0.2; repeatable."),
]
SkipBadOption = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out samples that can't be used, and count them.")
]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def resolve_settings(
    *,
    model: str | None,
    preset: list[str] | None,
    config: Path | None,
    set_: list[str] | None,
    options: Mapping[str, Any] | None = None,
    family_options: Mapping[str, Any] | None = None,
) -> ApplicationSettings:
    """Merge defaults, presets, file, environment, ``--set`` and short options, the later over the earlier.

    Args:
        model: ``--model``.
        preset: Each ``--preset``.
        config: ``--config``.
        set_: Each ``--set``.
        options: Values of short options by dotted name; None: not given.
        family_options: The same, by dotted name within the section of the family in use.
    """
    return load_settings(
        model=model,
        presets=preset or [],
        config=config,
        environ=os.environ,
        assignments=[parse_assignments(set_), nest_given(options or {})],
        family_values=nest_given(family_options or {}),
    )


def parse_assignments(texts: list[str] | None) -> dict[str, Any]:
    """Return the nested values of several ``--set``, the later over the earlier."""
    values: dict[str, Any] = {}
    for text in texts or []:
        values = merge(values, parse_assignment(text))
    return values


def nest_given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that aren't None, nested by their dotted names."""
    nested: dict[str, Any] = {}
    for path, value in values.items():
        if value is not None:
            nested = merge(nested, nest(path, value))
    return nested
