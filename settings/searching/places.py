"""Where a setting stands in its model: below which choices, and how it is declared."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.describing.walking import NamedItems, Place, dotted, fields_of, step
from nested_lightning.settings.reading.errors import SettingsError, did_you_mean
from nested_lightning.settings.reading.layers import Names
from nested_lightning.settings.slot import Slot


@dataclass(frozen=True, kw_only=True)
class Found:
    """A setting that may be searched, and its choice if it says which kind is used.

    ``asked_when`` has the kinds with which it exists, by the path of each choice that is searched too.
    """

    field: FieldInfo | None
    slot: Slot | None
    asked_when: Mapping[str, tuple[str, ...]]


def find(settings: ApplicationSettings, names: Names, kinds: Mapping[str, Sequence[str]]) -> Found:
    """Return where a setting stands.

    Args:
        settings: That are searched from.
        names: Its path.
        kinds: The kinds of each choice that is searched, by the path of its kind.

    Raises:
        SettingsError: There is no such setting, or not with these kinds; names the nearest one.
    """
    asked_when: dict[str, tuple[str, ...]] = {}
    place: Place = type(settings)
    value: Any = with_items(settings, [names])
    for i, name in enumerate(names):
        here, is_last = names[:i], i + 1 == len(names)
        if isinstance(place, Slot):
            kind_path = dotted((*here, "kind"))
            if name == "kind" and is_last:
                return Found(field=None, slot=place, asked_when=asked_when)
            kind_path = kind_path if kind_path in kinds else _followed(settings, here, kinds) or kind_path
            chosen = place.default if value is None else value.kind
            of = kinds.get(kind_path) or [chosen]
            having = _having(place, name, here, of)
            if kind_path in kinds:
                asked_when[kind_path] = tuple(having)
            model: Any = place.choices[chosen if chosen in having else having[0]]
        elif isinstance(place, NamedItems):
            place, value = place.item, value[name]
            continue
        elif isinstance(place, type):
            model = place
            if name not in dict(fields_of(model)):
                raise _unknown(here, name, [one for one, _ in fields_of(model)])
        else:
            raise SettingsError([f"--search {dotted(names)}: {dotted(here)} has no settings of its own"])
        value = getattr(value, name) if hasattr(value, name) else _default(model, name)
        place = step(model, name)
        if is_last and place is None:
            return Found(field=model.model_fields[name], slot=None, asked_when=asked_when)
    inner = "kind" if isinstance(place, Slot) else "NAME"
    if isinstance(place, type):
        inner = next(name for name, _ in fields_of(place))
    path = dotted(names)
    raise SettingsError([f"--search {path}: has settings of its own; search one of them, as {path}.{inner}"])


def with_items(settings: ApplicationSettings, paths: Sequence[Names]) -> ApplicationSettings:
    """Return settings in which each named item of a path stands, as it is without settings of its own.

    Raises:
        SettingsError: An item can't be.
    """
    for names in paths:
        place: Place = type(settings)
        value: Any = settings
        for i, name in enumerate(names):
            if isinstance(place, NamedItems) and name not in value:
                settings = _with_item(settings, names[: i + 1], names)
                break
            value = value[name] if isinstance(place, NamedItems) else getattr(value, name, None)
            place = type(value) if isinstance(value, BaseModel) else step(place, name)
    return settings


def _followed(settings: ApplicationSettings, slot: Names, kinds: Mapping[str, Sequence[str]]) -> str | None:
    """Return the path of the searched kind that the choice of an item without settings of its own has too."""
    with suppress(LookupError):
        value_at(settings, slot)
        return None
    for path, drawn in kinds.items():
        changed = {kind: settings.changed({path: kind}) for kind in drawn}
        if all(_kind_of_item(one, slot) == kind for kind, one in changed.items()):
            return path
    return None


def _kind_of_item(settings: ApplicationSettings, slot: Names) -> str | None:
    return getattr(value_at(with_items(settings, [slot]), slot), "kind", None)


def _with_item(settings: ApplicationSettings, item: Names, names: Names) -> ApplicationSettings:
    try:
        return settings.changed({dotted(item): {}})
    except SettingsError as error:
        why = error.problems[0]
        raise SettingsError(
            [f"--search {dotted(names)}: set {dotted(item)} first, as it can't be empty: {why}"]
        ) from None


def value_at(settings: ApplicationSettings, names: Names) -> Any:
    """Return a value.

    Raises:
        LookupError: There is none.
    """
    value: Any = settings
    for name in names:
        if isinstance(value, Mapping):
            value = value[name]
        elif isinstance(value, BaseModel) and hasattr(value, name):
            value = getattr(value, name)
        else:
            raise LookupError(name)
    return value


def names_of(path: str) -> Names:
    """Return a dotted path, name by name."""
    return tuple(map(unquote, path.split(".")))


def _having(slot: Slot, name: str, here: Names, kinds: Sequence[str]) -> list[str]:
    """Return which of the kinds have a setting."""
    having = [kind for kind in kinds if kind in slot.choices and name in slot.choices[kind].model_fields]
    if having:
        return having
    others = [kind for kind, choice in slot.choices.items() if name in choice.model_fields]
    path = dotted((*here, name))
    if others:
        which = " and ".join([", ".join(others[:-1]), others[-1]] if others[1:] else others)
        raise SettingsError(
            [
                f"--search {path}: belongs to {which}, and {dotted((*here, 'kind'))} is {', '.join(kinds)};"
                f" search {dotted((*here, 'kind'))} too, or set it"
            ]
        )
    known = {one for kind in kinds if kind in slot.choices for one in slot.choices[kind].model_fields}
    raise _unknown(here, name, sorted(known))


def _unknown(here: Names, name: str, known: Sequence[str]) -> SettingsError:
    near = did_you_mean(name, known, written=lambda one: dotted((*here, one)))
    path, allowed = dotted((*here, name)), ", ".join(known)
    return SettingsError([f"--search {path}: there is no such setting{near} (allowed: {allowed})"])


def _default(model: type[BaseModel], name: str) -> Any:
    field = model.model_fields[name]
    return None if field.is_required() else field.get_default(call_default_factory=True)
