"""Options of the command line that stand for settings; those of a family's data not every family has."""

from collections.abc import Mapping
from typing import Any

from nested_lightning.settings.describing.walking import fields_of, step
from nested_lightning.settings.family import Family
from nested_lightning.settings.reading.errors import SettingsError
from nested_lightning.settings.reading.layers import Layer, Names, has_value
from nested_lightning.settings.slot import Slot

_OPTIONS = {
    "run_dir": "--run-dir",
    "seed": "--seed",
    "trainer.accelerator": "--device",
    "trainer.devices": "--device",
    "trainer.max_epochs": "--epochs",
}
_OF_DATA = {
    "split": "--data",
    "path": "--data",
    "label": "--label",
    "batch_size": "--batch-size",
    "skip_bad": "--skip-bad",
}


def option_layer(values: Mapping[str, Any], section: str = "") -> Layer:
    """Return what short options give, each with its option as its place; ``section`` is the family's."""
    places: dict[Names, str] = {tuple(path.split(".")): option for path, option in _OPTIONS.items()}
    places |= {(section, "data", name): option for name, option in _OF_DATA.items()}
    return Layer({**values}, origin="option", origins=places)


def refuse_foreign_options(family: Family, values: Mapping[str, Any]) -> None:
    """Refuse what a short option sets where a family has no such setting.

    Raises:
        SettingsError: With one line for each option.
    """
    data = step(family.settings, "data")
    models = data.choices.values() if isinstance(data, Slot) else [data]
    there = [name for model in models if isinstance(model, type) for name in fields_of(model)]
    said = f"(settings there: {', '.join(dict.fromkeys(there)) or 'none'})"
    lacking = {
        option: f"{option}: {family.name} has no setting {family.section}.data.{name} {said}"
        for name, option in _OF_DATA.items()
        if has_value(values, ("data", name)) and name not in there
    }
    if lacking:
        raise SettingsError([*lacking.values()])
