"""Settings models as plain data for help (names, types, defaults, descriptions), and models made from it."""

import operator
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import reduce
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Field, TypeAdapter, create_model
from pydantic.fields import FieldInfo

from nested_lightning.settings.base import ChoiceSettings, Settings, default_section
from nested_lightning.settings.describing.walking import NamedItems, Place, place_of
from nested_lightning.settings.slot import Slot

_NAMED: dict[str, Any] = {
    one.__name__: one for one in (bool, int, float, str, Path, NoneType, list, dict, tuple)
}
_BOUNDS = ("ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length")


def model_to_plain(model: type[BaseModel]) -> dict[str, Any]:
    """Return what help needs from a settings model, as plain data."""
    return {
        "name": model.__name__,
        "doc": model.__doc__ or "",
        "wired": dict(getattr(model, "wired", {})),
        "takes_any": getattr(model, "takes_any", False),
        "kept": list(getattr(model, "kept", ())),
        "fields": {name: _field_to_plain(field) for name, field in model.model_fields.items()},
    }


def model_from_plain(plain: Mapping[str, Any], base: type[Settings] = Settings) -> type[Settings]:
    """Return a settings model for help from what `model_to_plain` returned; nothing can be built from it."""
    fields: dict[str, Any] = {name: _field_from_plain(one) for name, one in plain["fields"].items()}
    names = ("wired", "takes_any", "kept") if issubclass(base, ChoiceSettings) else ()
    of_target = {name: plain[name] for name in names}
    own = type(base.__name__, (base,), {"__module__": __name__, **of_target})
    return create_model(plain["name"], __base__=own, __doc__=plain["doc"], **fields)


def _field_to_plain(field: FieldInfo) -> dict[str, Any]:
    place = place_of(field.annotation, field.metadata)
    plain: dict[str, Any] = {"description": field.description or "", "place": _place_to_plain(place)}
    if place is None:
        plain["type"] = _bounded(_type_to_plain(field.annotation), field.metadata)
        if not field.is_required():
            plain["default"] = TypeAdapter(Any).dump_python(field.default, mode="json")
    plain["may_be_none"] = place is not None and field.default is None
    return plain


def _field_from_plain(plain: Mapping[str, Any]) -> tuple[Any, Any]:
    words, place = plain["description"], plain["place"]
    if place is None:
        default = plain.get("default", ...)
        return _type_from_plain(plain["type"]), Field(default, description=words)
    annotation, section = _place_from_plain(place)
    if plain["may_be_none"]:
        return annotation | None, Field(None, description=words)
    return annotation, Field({}, description=words) if section is None else default_section(section, words)


def _place_to_plain(place: Place) -> dict[str, Any] | None:
    if isinstance(place, Slot):
        base = {"name": place.base.__name__, "doc": place.base.__doc__ or ""}
        kinds = {kind: model_to_plain(choice) for kind, choice in place.choices.items()}
        return {"slot": base, "default": place.default, "kinds": kinds}
    if isinstance(place, NamedItems):
        return {"items": _place_to_plain(place.item)}
    return None if place is None else {"section": model_to_plain(place)}


def _place_from_plain(place: Mapping[str, Any]) -> tuple[Any, type[Settings] | None]:
    """Return an annotation, and the model whose defaults stand there; None: no item stands there."""
    if "items" in place:
        return dict[str, _place_from_plain(place["items"])[0]], None  # type: ignore[misc]
    if "section" in place:
        model = model_from_plain(place["section"])
        return model, model
    base = type(
        place["slot"]["name"], (ChoiceSettings,), {"__module__": __name__, "__doc__": place["slot"]["doc"]}
    )
    kinds: dict[str, Any] = {kind: model_from_plain(one, base) for kind, one in place["kinds"].items()}
    slot = Slot(base=base, default=place["default"], choices=[*kinds.values()])
    return Annotated[base, slot], kinds[place["default"]]


def _type_to_plain(annotation: Any) -> Any:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _bounded(_type_to_plain(arguments[0]), arguments[1:])
    if origin is Literal:
        return {"literal": list(arguments)}
    if origin in (Union, UnionType):
        return {"any": [_type_to_plain(one) for one in arguments]}
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return {"literal": [one.value for one in annotation]}
    if origin is not None:
        whole = "dict" if issubclass(origin, Mapping) else "tuple" if origin is tuple else "list"
        return {whole: ["..." if one is Ellipsis else _type_to_plain(one) for one in arguments]}
    return annotation.__name__ if annotation in _NAMED.values() else "str"


def _bounded(inner: Any, metadata: Sequence[Any]) -> Any:
    entries = [one for entry in metadata for one in getattr(entry, "metadata", [entry])]
    bounds = {word: getattr(one, word) for one in entries for word in _BOUNDS if hasattr(one, word)}
    return {"bounded": inner, "bounds": bounds} if bounds else inner


def _type_from_plain(plain: Any) -> Any:
    if isinstance(plain, str):
        return _NAMED[plain]
    if "bounded" in plain:
        return Annotated[_type_from_plain(plain["bounded"]), Field(**plain["bounds"])]
    ((word, inner),) = plain.items()
    if word == "literal":
        return Literal[tuple(inner)]
    if word == "any":
        return reduce(operator.or_, map(_type_from_plain, inner))
    return _NAMED[word][_items_from_plain(inner)]


def _items_from_plain(plain: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(... if one == "..." else _type_from_plain(one) for one in plain)
