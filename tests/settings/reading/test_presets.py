"""Presets that are functions over settings, and several that claim one setting."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from nested_lightning import Preset, SettingsError, load_settings
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.families import find_family, knowing
from nested_lightning.settings.family import Family
from nested_lightning.settings.multi_feature import PLAIN


def _family(**presets: Preset) -> Family:
    """Return the family multi-feature with other presets, under another name."""
    return replace(find_family("multi-feature"), name="rows", presets=presets)


def _loaded(presets: list[str], *assignments: str, **own: Preset) -> ApplicationSettings:
    with knowing(_family(**own)):
        return load_settings(model="rows", presets=presets, assignments=assignments)


def _halved(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value / 2 for name, value in settings.items() if name.endswith(".dropout")}


HALF = Preset(summary="Half the dropout.", change=_halved)
NONE = Preset(summary="No dropout.", values={"rows.**.dropout": 0.0})
FIXED = Preset(summary="One value.", values={"rows": {"head": {"dropout": 0.4}}})


def test_a_function_gets_what_is_in_effect_and_sets_what_it_returns() -> None:
    settings = _loaded(["half"], "rows.feature_extractor.kind=residual", half=HALF).rows

    assert (settings.feature_extractor.dropout, settings.head.dropout) == (0.05, 0.15)
    assert settings.feature_extractor.num_blocks == 2


def test_an_option_wins_over_a_function_and_a_lower_layer_does_not() -> None:
    assert _loaded(["half"], "rows.head.dropout=0.5", half=HALF).rows.head.dropout == 0.5
    assert _loaded(["half"], "rows.**.dropout=0.5", half=HALF).rows.head.dropout == 0.5


def test_two_presets_that_claim_one_setting_are_both_named() -> None:
    with pytest.raises(SettingsError) as raised:
        _loaded(["half", "none"], half=HALF, none=NONE)

    assert (
        "rows.head.dropout: preset half sets it to 0.15 and preset none sets it to 0.0: leave one of them "
        "out, or say it by --set rows.head.dropout=VALUE"
    ) in raised.value.problems


def test_values_and_a_function_that_claim_one_setting_are_both_named() -> None:
    with pytest.raises(
        SettingsError, match=r"head.dropout: preset fixed sets it to 0.4 and preset none sets it to 0.0"
    ):
        _loaded(["none", "fixed"], none=NONE, fixed=FIXED)


def test_presets_that_agree_or_that_an_option_settles_go_together() -> None:
    same = Preset(summary="The same.", values={"rows.head.dropout": 0.4})

    assert _loaded(["fixed", "same"], fixed=FIXED, same=same).rows.head.dropout == 0.4
    settled = _loaded(["half", "fixed"], "rows.head.dropout=0.1", half=HALF, fixed=FIXED)
    assert settled.rows.head.dropout == 0.1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda settings: {"rows.hed.dropout": 0.1}, "meets no setting; did you mean 'rows.head.dropout'?"),
        (lambda settings: {"rows.head.dropout": 2}, "rows.head.dropout = 2: input should be less than 1"),
        (lambda settings: {"rows.head.kind": "linear"}, "choose kinds by their whole names"),
        (lambda settings: {"a": settings["nowhere"]}, "its function fails: KeyError: 'nowhere'"),
        (lambda settings: 3, "its function fails"),
    ],
)
def test_what_is_wrong_with_a_function_names_its_preset(change: Any, message: str) -> None:
    with pytest.raises(SettingsError, match=r"^preset wrong") as raised:
        _loaded(["wrong"], wrong=Preset(summary="Wrong.", change=change))

    assert message in str(raised.value)


def test_a_mistake_below_a_function_is_the_one_that_is_told() -> None:
    with pytest.raises(SettingsError) as raised:
        _loaded(["half"], "sed=1", half=HALF)

    assert [line.partition(";")[0] for line in raised.value.problems] == [
        "--set sed=1: sed = 1: unknown name"
    ]


@pytest.mark.parametrize("name", ["multi-feature", "image-to-text", "variant", "vae-gan"])
def test_half_width_halves_widths_of_the_kinds_that_are_chosen(name: str) -> None:
    whole, half = (load_settings(model=name, presets=presets).to_plain() for presets in ([], ["half-width"]))
    section = name.replace("-", "_")

    changed = {path: (one, other) for path, one, other in _differences(whole[section], half[section])}
    assert changed
    assert all(other == _half(one) for one, other in changed.values())
    assert not any(path.startswith("data.") for path in changed)


def test_half_width_leaves_what_is_set_above_it() -> None:
    name = "multi_feature.feature_extractor.hidden_features"
    settings = load_settings(
        model="multi-feature", presets=["plain", "half-width"], assignments=[f"{name}=100"]
    ).multi_feature

    assert settings.feature_extractor.kind == PLAIN.values["multi_feature"]["feature_extractor"]["kind"]
    assert (settings.feature_extractor.hidden_features, settings.feature_extractor.out_features) == (100, 16)


def _half(value: Any) -> Any:
    return [one // 2 for one in value] if isinstance(value, list) else value // 2


def _differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    found = []
    for name, value in one.items():
        if isinstance(value, Mapping):
            found += [(f"{name}.{path}", *pair) for path, *pair in _differences(value, other[name])]
        elif value != other[name]:
            found.append((name, value, other[name]))
    return found
