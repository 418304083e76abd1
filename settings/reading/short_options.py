"""Options of the command line that stand for settings of a family's data, which not every family has."""

from collections.abc import Mapping
from typing import Any

from nested_lightning.settings.describing.walking import fields_of, step
from nested_lightning.settings.family import Family
from nested_lightning.settings.reading.errors import SettingsError
from nested_lightning.settings.reading.layers import has_value
from nested_lightning.settings.slot import Slot

_OPTIONS = {
    "split": "--data",
    "path": "--data",
    "label": "--label",
    "batch_size": "--batch-size",
    "skip_bad": "--skip-bad",
}


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
        for name, option in _OPTIONS.items()
        if has_value(values, ("data", name)) and name not in there
    }
    if lacking:
        raise SettingsError([*lacking.values()])
