"""Every place of the settings, given what no section, choice or value can be, is one line that names it."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from nested_lightning import SettingsError, load_settings, parse_settings
from nested_lightning.settings.application import application_settings_model
from nested_lightning.settings.describing.walking import NamedItems, Place, dotted, fields_of
from nested_lightning.settings.families import families
from nested_lightning.settings.slot import Slot
from tests.quick_first import quick_first

Names = tuple[str, ...]


def _places(place: Place, names: Names) -> Iterator[tuple[Names, Place]]:
    """Yield the path of every section, slot, collection and value, those of all choices too."""
    if isinstance(place, Slot):
        for choice in place.choices.values():
            yield from _places(choice, names)
    elif isinstance(place, NamedItems):
        yield from _places_below(place.item, (*names, "NAME"))
    elif place is not None:
        for name, inner in fields_of(place).items():
            yield from _places_below(inner, (*names, name))


def _places_below(place: Place, names: Names) -> Iterator[tuple[Names, Place]]:
    yield names, place
    yield from _places(place, names)


PLACES = dict(_places(application_settings_model(), ()))
SECTIONS = [names for names, place in PLACES.items() if place is not None]
WRONG: list[Any] = ["folder", "", 5, -1.5, True, None, [], [1], [None], ["a", {"kind": "b"}], [[]]]
plain = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4))
anything = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4) | st.just("kind"), inner, max_size=3)
    ),
    max_leaves=6,
)


def _nested(names: Names, value: Any) -> dict[str, Any]:
    for name in reversed(names):
        value = {name: value}
    return dict(value)


def _mistakes(values: Any, model: str) -> list[str]:
    try:
        load_settings(model=model, assignments=[values])
        parse_settings({"model": model, **values})
    except SettingsError as error:
        return error.problems
    return []


@pytest.mark.parametrize("model", quick_first(families()))
def test_a_section_or_choice_given_a_value_is_one_line_that_names_it(model: str) -> None:
    for names in SECTIONS:
        for value in WRONG:
            lines = _mistakes(_nested(names, value), model)

            assert len(lines) <= 1, (names, value, lines)
            assert all(dotted(names) in line for line in lines), (names, value, lines)
            assert lines or value is None, (names, value)


@pytest.mark.slow
@given(names=st.sampled_from([*PLACES]), value=anything, model=st.sampled_from([*families()]))
@hypothesis_settings(max_examples=300, deadline=None, derandomize=True)
def test_anything_at_any_place_is_taken_or_a_settings_error(names: Names, value: Any, model: str) -> None:
    assert all(len(line) <= 1000 for line in _mistakes(_nested(names, value), model))


@pytest.mark.parametrize("other", families())
def test_a_section_that_is_none_is_refused_with_the_model_of_another_family(other: str) -> None:
    with pytest.raises(SettingsError, match=r"variant\.data = 'folder': has settings of its own"):
        load_settings(model=other, assignments=["variant.data=folder"])
