"""Where a setting stands: with which of the kinds that are searched it is in effect."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.describing.in_effect import Setting, settings_in_effect
from nested_lightning.settings.describing.walking import NamedItems, Place, dotted, names_of, step
from nested_lightning.settings.reading.errors import SettingsError, did_you_mean
from nested_lightning.settings.reading.layers import Names
from nested_lightning.settings.slot import Slot

Kinds = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""By the path of each kind that is searched: what has to be changed for each of its values."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A setting that may be searched.

    ``asked_when`` has the kinds with which it exists, by the path of each choice that is searched too.
    """

    setting: Setting
    asked_when: Mapping[str, tuple[str, ...]]

    @property
    def slot(self) -> Slot | None:
        """The choice whose kind it says, if it says one."""
        return self.setting.place if isinstance(self.setting.place, Slot) else None


def find(settings: ApplicationSettings, names: Names, kinds: Kinds) -> Found:
    """Return where a setting stands: tried with each kind that is searched and may decide that.

    Raises:
        SettingsError: There is no such setting, or not with these kinds; names the nearest one.
    """
    whole = with_items(settings, [names])
    asked_when: dict[str, tuple[str, ...]] = {}
    needed: dict[str, Any] = {}
    found = _at(whole, names)
    for path, drawn in reversed([*kinds.items()]):
        slot = names_of(path)[:-1]
        is_above = names[: len(slot)] == slot
        if not is_above and whole is settings:  # what isn't there by itself may follow any choice
            continue
        there = {kind: _at(settings, names, {**needed, **changes}) for kind, changes in drawn.items()}
        having = {kind: one for kind, one in there.items() if one is not None}
        if is_above and not having:
            found = None
            break
        if is_above or len({one and id(one.field) for one in there.values()}) > 1:
            asked_when[path] = tuple(having)
            needed[path], found = next(iter(having.items()))
    if found is None:
        raise SettingsError([f"--search {_why_missing(whole, names, kinds)}"])
    return Found(setting=found, asked_when=dict(reversed(asked_when.items())))


def _at(
    settings: ApplicationSettings, names: Names, changes: Mapping[str, Any] | None = None
) -> Setting | None:
    with suppress(SettingsError):
        changed = with_items(settings.changed(changes) if changes else settings, [names])
        for one in settings_in_effect(changed):
            if one.names == names and (one.place is None or one.is_kind):
                return one
            if one.names == names[:-1] and names[-1] == "kind" and isinstance(one.place, Slot):
                return replace(one, names=names)  # of a choice that isn't made
    return None


def _why_missing(settings: ApplicationSettings, names: Names, kinds: Kinds) -> str:
    there = {one.names: one for one in settings_in_effect(settings)}
    if inner := _name_within(there, names):
        return f"{dotted(names)}: has settings of its own; search one of them, as {dotted((*names, inner))}"
    known = {one[:i] for one in there for i in range(len(one) + 1)}
    here = next(names[:i] for i in range(len(names) - 1, -1, -1) if names[:i] in known)
    name, kind_path = names[len(here)], dotted((*here, "kind"))
    path, choice = dotted((*here, name)), there.get((*here, "kind"), there.get(here))
    if choice is not None and isinstance(choice.place, Slot):
        drawn = [*kinds.get(kind_path, [choice.value])]
        having = [kind for kind, one in choice.place.choices.items() if name in one.model_fields]
        if having and not {*having} & {*drawn}:
            which = " and ".join(filter(None, [", ".join(having[:-1]), having[-1]]))
            is_now = f"{kind_path} is {', '.join(map(str, drawn))}"
            return f"{path}: belongs to {which}, and {is_now}; search {kind_path} too, or set it"
    elif choice is not None:
        return f"{dotted(names)}: {dotted(here)} has no settings of its own"
    beside = dict.fromkeys(one[len(here)] for one in there if one[: len(here)] == here != one) or ["kind"]
    near = did_you_mean(name, [*beside], written=lambda one: dotted((*here, one)))
    return f"{path}: there is no such setting{near} (allowed: {', '.join(beside)})"


def _name_within(there: Mapping[Names, Setting], names: Names) -> str | None:
    """Return the first of the names below some others."""
    if names in there and there[names].place is not None:
        return "kind" if isinstance(there[names].place, Slot) else "NAME"
    return next((one[len(names)] for one in there if one[: len(names)] == names != one), None)


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


def _with_item(settings: ApplicationSettings, item: Names, names: Names) -> ApplicationSettings:
    try:
        return settings.changed({dotted(item): {}})
    except SettingsError as error:
        why = error.problems[0]
        raise SettingsError(
            [f"--search {dotted(names)}: set {dotted(item)} first, as it can't be empty: {why}"]
        ) from None
