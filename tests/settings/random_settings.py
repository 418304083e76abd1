"""Random settings that keep to every constraint of the models, for tests of properties."""

from collections.abc import Iterable
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic import BaseModel, JsonValue
from pydantic.fields import FieldInfo

from nested_lightning.settings.describing.walking import NamedItems, Place, place_of
from nested_lightning.settings.slot import Slot

NAMES = st.sampled_from(["kar", "a.b", "1", "yes", "null", "~", "é", "two words", "%2E", "values", "a:b"])
TEXTS = st.one_of(NAMES, st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6))


def values_of(model: type[BaseModel], *, without: frozenset[str] = frozenset()) -> st.SearchStrategy[Any]:
    """Return nested values of some fields of a model."""
    fields = {name: info for name, info in model.model_fields.items() if name not in without}
    needed = {name: _of_field(info) for name, info in fields.items() if info.is_required()}
    optional = {name: _of_field(info) for name, info in fields.items() if not info.is_required()}
    return st.fixed_dictionaries(needed, optional=optional)


def _of_field(info: FieldInfo) -> st.SearchStrategy[Any]:
    place = place_of(info.annotation, info.metadata)
    return _of_place(place) if place is not None else _of_type(info.annotation, info.metadata)


def _of_place(place: Place) -> st.SearchStrategy[Any]:
    if isinstance(place, Slot):
        return _one_of(_of_choice(kind, choice) for kind, choice in place.choices.items())
    if isinstance(place, NamedItems):
        return st.dictionaries(NAMES, _of_place(place.item), max_size=2)
    assert isinstance(place, type)
    return values_of(place)


def _of_choice(kind: str, choice: type[BaseModel]) -> st.SearchStrategy[Any]:
    return values_of(choice, without=frozenset({"kind"})).map(lambda values: {"kind": kind, **values})


def _one_of(strategies: Iterable[st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    return st.one_of(*strategies)


def _of_type(annotation: Any, metadata: Any = ()) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _of_type(arguments[0], arguments[1:])
    if origin in (Union, UnionType):
        return _one_of(_of_type(inner) for inner in arguments)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is list:
        return st.lists(_of_type(arguments[0]), max_size=2)
    if origin is tuple:
        return st.tuples(*map(_of_type, arguments)).map(list)
    if origin is dict:
        return st.dictionaries(NAMES, _of_type(arguments[1]), max_size=2)
    if annotation in (int, float):
        return _numbers(annotation, metadata)
    if annotation is JsonValue:
        leaves = st.none() | st.booleans() | TEXTS
        return st.recursive(leaves, lambda each: st.dictionaries(NAMES, each) | st.lists(each), max_leaves=4)
    plain = {bool: st.booleans(), str: TEXTS, NoneType: st.none(), Path: TEXTS.map(lambda t: str(Path(t)))}
    return plain[annotation]


def _numbers(kind: type, metadata: Any) -> st.SearchStrategy[Any]:
    bounds = {
        name: getattr(entry, name)
        for given in metadata
        for entry in getattr(given, "metadata", [given])  # of a Field within an alternative
        for name in ("ge", "gt", "le", "lt")
        if hasattr(entry, name)
    }
    low, high = bounds.get("ge", bounds.get("gt")), bounds.get("le", bounds.get("lt"))
    if kind is int:
        return st.integers(
            None if low is None else low + ("gt" in bounds), None if high is None else high - ("lt" in bounds)
        )
    return st.floats(
        low,
        high,
        exclude_min="gt" in bounds,
        exclude_max="lt" in bounds,
        allow_nan=False,
        allow_infinity=False,
    )
