"""Walk a settings model by name: which fields, which choices, which dotted path."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin
from urllib.parse import quote, unquote

from pydantic import BaseModel

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.reading.layers import Names
from nested_lightning.settings.slot import Slot


@dataclass(frozen=True)
class NamedItems:
    """A mapping from names that the user chooses to values of one kind."""

    item: "Place"


Place = type[BaseModel] | Slot | NamedItems | None
"""What stands at a path: a model, a choice between models, named items, or a plain value (None)."""


Location = tuple[int | str, ...]
"""Where pydantic found a mistake."""

_ALTERNATIVE = r"(literal|dict|list|tuple|constrained|nullable|function|int|float|str|bool)([-\[].*)?"


def place_of(annotation: Any, metadata: Sequence[Any] = ()) -> Place:
    """Return what kind of value an annotation describes."""
    for entry in metadata:
        if isinstance(entry, Slot):
            return entry
    if get_origin(annotation) is Annotated:
        inner, *annotated = get_args(annotation)
        return place_of(inner, annotated)
    if get_origin(annotation) in (Union, UnionType):
        wanted = [option for option in get_args(annotation) if option is not NoneType]
        return place_of(wanted[0]) if len(wanted) == 1 else None
    if get_origin(annotation) is dict:
        item = place_of(get_args(annotation)[1])
        return NamedItems(item) if item is not None else None
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


@cache
def fields_of(model: type[BaseModel]) -> dict[str, Place]:
    """Return what the value of each field is, by its name."""
    return {name: place_of(field.annotation, field.metadata) for name, field in model.model_fields.items()}


def choices_below(place: Place) -> Iterator[type[ChoiceSettings]]:
    """Yield every choice of every slot below a place."""
    if isinstance(place, NamedItems):
        yield from choices_below(place.item)
    elif isinstance(place, Slot):
        for choice in place.choices.values():
            yield choice
            yield from choices_below(choice)
    elif place is not None:
        for inner in fields_of(place).values():
            yield from choices_below(inner)


def locate(model: type[BaseModel], location: Sequence[int | str]) -> tuple[Names, Place]:
    """Return the path of an error's location, and what comes before its last name.

    pydantic puts the kind of a choice into the location; a path has no such part.
    """
    names: list[str] = []
    place: Place = model
    parent: Place = model
    for part in location:
        if isinstance(place, Slot) and part in place.choices:
            place = place.choices[str(part)]
            continue
        if place is None and is_alternative(part):
            continue
        names.append(str(part))
        parent, place = place, step(place, str(part))
    return tuple(names), parent


def is_alternative(part: int | str) -> bool:
    """Return whether a part of an error's location is one type of several, as in ``int | str``."""
    return isinstance(part, str) and re.fullmatch(_ALTERNATIVE, part) is not None


def dotted(names: Names) -> str:
    """Return a path as it is written, a dot within a name as ``%2E``."""
    return ".".join(quote(name, safe=" ").replace(".", "%2E") for name in names)


def names_of(path: str) -> Names:
    """Return a dotted path, name by name."""
    return tuple(map(unquote, path.split(".")))


def step_of_any(place: Place, name: str) -> Place:
    """Return what stands at a name, whichever of the kinds of a slot has it."""
    models = place.choices.values() if isinstance(place, Slot) else [place]
    return next((inner for model in models if (inner := step(model, name)) is not None), None)


def step(place: Place, name: str) -> Place:
    """Return what stands at a name, or None for a plain value or an unknown name."""
    if isinstance(place, NamedItems):
        return place.item
    if isinstance(place, type):
        return fields_of(place).get(name)
    return None
