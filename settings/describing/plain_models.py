"""Settings models as plain data for help (names, schemas, defaults, meaning), and models made from it."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter, WithJsonSchema, create_model
from pydantic.fields import FieldInfo

from nested_lightning.settings.base import ChoiceSettings, Settings, default_section
from nested_lightning.settings.describing.reference import value_schema
from nested_lightning.settings.describing.walking import NamedItems, Place, place_of
from nested_lightning.settings.slot import Slot


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
        plain["schema"] = value_schema(field)
        if not field.is_required():
            plain["default"] = TypeAdapter(Any).dump_python(field.default, mode="json")
    plain["may_be_none"] = place is not None and field.default is None
    return plain


def _field_from_plain(plain: Mapping[str, Any]) -> tuple[Any, Any]:
    words, place = plain["description"], plain["place"]
    if place is None:
        annotation = Annotated[Any, WithJsonSchema(plain["schema"])]
        return annotation, Field(plain.get("default", ...), description=words)
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
