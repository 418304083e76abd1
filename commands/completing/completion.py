"""What the shell offers after an option: families, presets, names and values of settings."""

from pathlib import Path
from typing import Any

import typer

from nested_lightning.settings.application import application_settings_model
from nested_lightning.settings.describing.completion import Candidate, complete_assignment
from nested_lightning.settings.families import describe_family, families
from nested_lightning.settings.reading.errors import SettingsError
from nested_lightning.settings.reading.loading import collect_layers
from nested_lightning.settings.reading.merging import merge_layers

DEVICES = {
    "auto": "the best there is",
    "cpu": "",
    "cuda": "NVIDIA GPU",
    "cuda:0": "one GPU",
    "mps": "Apple GPU",
}


def complete_model(incomplete: str) -> list[Candidate]:
    """Offer the families."""
    del incomplete  # typer keeps those that begin like it
    return [(family.name, family.summary) for family in families().values()]


def complete_preset(ctx: typer.Context, incomplete: str) -> list[Candidate]:
    """Offer the presets of the family that was named, else of all."""
    del incomplete
    try:
        named = [describe_family(ctx.params["model"])]
    except (SettingsError, KeyError, AttributeError):
        named = list(families().values())
    return [(name, preset.summary) for family in named for name, preset in family.presets.items()]


def complete_set(ctx: typer.Context, incomplete: str) -> list[Candidate]:
    """Offer names of settings, and after ``=`` their values."""
    return complete_assignment(incomplete, _values_so_far(ctx.params))


def complete_search(ctx: typer.Context, incomplete: str) -> list[Candidate]:
    """Offer the same, and after a comma the values that haven't been named."""
    setting, _, values = incomplete.partition("=")
    *named, last = values.split(",")
    if not named:
        return complete_set(ctx, incomplete)
    found = [(one.partition("=")[2], said) for one, said in complete_set(ctx, f"{setting}={last}")]
    begun = incomplete.removesuffix(last)
    return [(begun + value, said) for value, said in found if value not in named]


def complete_device(incomplete: str) -> list[Candidate]:
    """Offer devices."""
    del incomplete
    return list(DEVICES.items())


def _values_so_far(params: dict[str, Any]) -> dict[str, Any]:
    """Return what the words so far set; what is wrong with them is reported when the command runs."""
    try:
        layers = collect_layers(
            model=params.get("model"),
            presets=params.get("preset") or [],
            config=[Path(path) for path in params.get("config") or []],
            assignments=params.get("set_") or [],
        )
    except SettingsError:
        return {}
    return merge_layers(layers, application_settings_model())[-1]
