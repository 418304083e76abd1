"""Each single setting that is in effect: those of the chosen kinds only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from nested_lightning.settings.describing.walking import NamedItems, Place, fields_of
from nested_lightning.settings.reading.layers import Names
from nested_lightning.settings.slot import Slot


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A single setting.

    Attributes:
        names: Its path.
        types: For each of these names, what the kind that is chosen there builds; empty where none is.
        value: What it is.
        field: How it's declared.
        place: What could stand here: the slot whose kind it says, or what isn't there; None: a plain value.
    """

    names: Names
    types: tuple[str, ...]
    value: Any
    field: FieldInfo
    place: Place = None

    @property
    def is_kind(self) -> bool:
        """Whether it is the kind of a choice."""
        return isinstance(self.place, Slot) and self.names[-1] == "kind"


def settings_in_effect(values: Any, model: type[BaseModel] | None = None) -> Iterator[Setting]:
    """Yield the settings that an object has, or nested values of a model.

    The latter may be wrong: where they don't say otherwise, defaults hold.
    """
    of: type[BaseModel] = model or type(values)
    for name, place in fields_of(of).items():
        field = of.model_fields[name]
        value = _held(values, name, field)
        yield from _settings_at(place, Setting(names=(name,), types=("",), value=value, field=field))


def _settings_at(place: Place, at: Setting) -> Iterator[Setting]:
    if isinstance(place, NamedItems) and isinstance(at.value, Mapping) and at.value:
        for name, item in at.value.items():
            inner = replace(at, names=(*at.names, name), types=(*at.types, ""), value=item)
            yield from _settings_at(place.item, inner)
    elif isinstance(place, Slot | type) and isinstance(at.value, Mapping | BaseModel):
        yield from _settings_below(place, at)
    else:
        yield replace(at, place=place)


def _settings_below(place: Slot | type[BaseModel], at: Setting) -> Iterator[Setting]:
    types = at.types
    slot = place if isinstance(place, Slot) else None
    if slot is not None:
        kind = slot.kind_of(at.value if isinstance(at.value, BaseModel) else dict(at.value))
        if kind not in slot.choices:
            return
        place = slot.choices[kind]
        types = (*types[:-1], built_by(place))
    for one in settings_in_effect(at.value, place):  # type: ignore[arg-type]
        own = slot if one.names == ("kind",) else one.place
        yield replace(one, names=at.names + one.names, types=types + one.types, place=own)


def built_by(choice: type[BaseModel]) -> str:
    """Return the name of the class or function that a choice builds, or an empty string."""
    target = getattr(choice, "target", "")
    if isinstance(target, str):
        return target.rpartition(".")[2]
    name: str = getattr(target.func if isinstance(target, partial) else target, "__name__", "")
    return name


def _held(values: Any, name: str, field: FieldInfo) -> Any:
    if isinstance(values, BaseModel):
        return getattr(values, name)
    if name in values:
        return values[name]
    return None if field.is_required() else field.get_default(call_default_factory=True)
