"""What is chosen at a path: its settings and what the wiring gives it, with the values that are allowed."""

from collections.abc import Iterator
from typing import NamedTuple

from pydantic import BaseModel

from nested_lightning.path_patterns import path_matches
from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.describing.in_effect import Setting, built_by, settings_in_effect
from nested_lightning.settings.describing.reference import allowed_values, written_value
from nested_lightning.settings.describing.walking import dotted, names_of
from nested_lightning.settings.reading.errors import SettingsError, did_you_mean
from nested_lightning.settings.reading.layers import Names
from nested_lightning.settings.slot import Slot


class ChosenRow(NamedTuple):
    """A setting of what is chosen, or an argument that isn't a setting.

    Attributes:
        name: Dotted.
        value: As it is written in a settings file; of an argument, the expression that a wiring gives.
        default: That of the kind.
        allowed: Types and bounds, or the values themselves.
        meaning: Its description.
    """

    name: str
    value: str
    default: str = ""
    allowed: str = ""
    meaning: str = ""


def chosen_rows(settings: BaseModel, path: str) -> list[ChosenRow]:
    """Return a row for each setting at a path or below it, and each argument of what is built there.

    Raises:
        SettingsError: There is nothing; names the nearest one.
    """
    pattern = names_of(path)
    every = list(settings_in_effect(settings))
    rows = [row for setting in every if _is_at_or_below(setting, pattern) for row in _rows_of(setting)]
    if not rows:
        known = {dotted(one.names[:end]): None for one in every for end in range(1, len(one.names) + 1)}
        raise SettingsError([f"--describe {path}: there is no such setting{did_you_mean(path, known)}"])
    return rows


def _is_at_or_below(setting: Setting, pattern: Names) -> bool:
    ends = range(1, len(setting.names) + 1)
    return any(path_matches(pattern, setting.names[:end], setting.types) for end in ends)


def _rows_of(setting: Setting) -> Iterator[ChosenRow]:
    name, meaning, field = dotted(setting.names), setting.field.description or "", setting.field
    slot = setting.place
    if isinstance(slot, Slot) and setting.is_kind:
        chosen = slot.choices[setting.value]
        about = f"{chosen.__doc__} Builds {built_by(chosen)}."
        yield ChosenRow(name, setting.value, slot.default, ", ".join(slot.choices), about)
        yield from _arguments(name.removesuffix(".kind"), chosen)
    elif slot is not None:
        kinds = ", ".join(slot.choices) if isinstance(slot, Slot) else ""
        yield ChosenRow(name, "null" if setting.value is None else "{}", allowed=kinds, meaning=meaning)
    else:
        default = (
            "" if field.is_required() else written_value(field, field.get_default(call_default_factory=True))
        )
        yield ChosenRow(name, written_value(field, setting.value), default, allowed_values(field), meaning)


def _arguments(path: str, choice: type[ChoiceSettings]) -> Iterator[ChosenRow]:
    for name, expression in choice.wired.items():
        yield ChosenRow(f"{path}.{name}", expression, allowed="given by the wiring")
    for name in choice.kept:
        yield ChosenRow(f"{path}.{name}", "its default", allowed="no setting, as it has no plain type")
