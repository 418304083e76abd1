"""Options of the command line that stand for settings of a family's data, which not every family has."""

from collections.abc import Mapping, Sequence
from typing import Any

from nested_lightning.settings.describing.walking import Place, fields_of
from nested_lightning.settings.family import Family
from nested_lightning.settings.reading.errors import SettingsError
from nested_lightning.settings.reading.layers import has_value
from nested_lightning.settings.slot import Slot

_OPTIONS = {
    ("data", "split"): "--data",
    ("data", "path"): "--data",
    ("data", "label"): "--label",
    ("data", "batch_size"): "--batch-size",
    ("data", "skip_bad"): "--skip-bad",
}


def refuse_foreign_options(family: Family, values: Mapping[str, Any]) -> None:
    """Refuse what a short option sets where a family has no such setting.

    Raises:
        SettingsError: With one line for each option.
    """
    lacking = {
        option: ".".join((family.section, *names))
        for names, option in _OPTIONS.items()
        if has_value(values, names) and not _has(family.settings, names)
    }
    there = ", ".join(_names(_names(family.settings).get("data"))) or "none"
    if lacking:
        raise SettingsError(
            [
                f"{option}: {family.name} has no setting {path} (settings there: {there})"
                for option, path in lacking.items()
            ]
        )


def _has(place: Place, names: Sequence[str]) -> bool:
    fields, (name, *below) = _names(place), names
    return name in fields and (not below or _has(fields[name], below))


def _names(place: Place) -> dict[str, Place]:
    """Return what each name below a place is, whichever kind has it."""
    models = place.choices.values() if isinstance(place, Slot) else [place]
    return {name: one for model in models if isinstance(model, type) for name, one in fields_of(model)}
