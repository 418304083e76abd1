"""What is searched is read from words, found in the settings, and refused where a setting doesn't take it."""

from typing import Any

import pytest

pytest.importorskip("optuna", reason="the extra sweep isn't installed")

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from nested_lightning import SettingsError, load_settings
from nested_lightning.settings.searching.space import SearchSpace, make_space
from nested_lightning.settings.searching.written import Everything, Range, Values, Written, read_search
from nested_lightning.settings.sweep import check_sweep

KIND = "multi_feature.feature_extractor.kind"
WIDTH = "multi_feature.feature_extractor.hidden_features"
DROPOUT = "multi_feature.feature_extractor.dropout"
RATE = "multi_feature.optimizer.lr"


def space_of(**search: Any) -> SearchSpace:
    return make_space(load_settings(model="multi-feature"), search)


def problems_of(**search: Any) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        space_of(**search)
    return caught.value.problems


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a, b,c", Values(("a", "b", "c"))),
        ("16,32", Values((16, 32))),
        ("0.1,null,true", Values((0.1, None, True))),
        ([8, 16], Values((8, 16))),
        ("bool", Values((False, True))),
        ("*", Everything()),
        ("int:16..256:log", Range(type="int", low=16, high=256, log=True)),
        ("int:16..256:8", Range(type="int", low=16, high=256, step=8)),
        ("float:1e-4..1e-2:log", Range(type="float", low=1e-4, high=1e-2, log=True)),
        ("float:-1..1", Range(type="float", low=-1, high=1)),
        ({"low": 1, "high": 9}, Range(type="int", low=1, high=9)),
        ({"low": 0.1, "high": 1, "log": True}, Range(type="float", low=0.1, high=1, log=True)),
        ({"low": 1, "high": 9, "type": "float"}, Range(type="float", low=1, high=9)),
    ],
)
def test_words_and_yaml_say_what_a_setting_may_be(written: Any, meant: Written) -> None:
    assert read_search("x", written) == meant


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("a", "two values"),
        ("a,a", "twice"),
        ("int:5..2", "empty"),
        ("int:1..2.5", "whole numbers"),
        ("float:0..1:log", "above 0"),
        ("float:a..b", "can't be searched"),
        ("int:1", "can't be searched"),
        ({"low": 1}, "can't be searched"),
        ({"low": 1, "high": 2, "base": 3}, "can't be searched"),
        ([[1], [2]], "can't be searched"),
        (None, "can't be searched"),
    ],
)
def test_what_can_not_be_read_is_refused_in_a_line(written: Any, word: str) -> None:
    with pytest.raises(SettingsError, match=word) as caught:
        read_search("trainer.max_epochs", written)
    (line,) = caught.value.problems
    assert line.startswith("--search trainer.max_epochs: ")


def test_a_setting_is_asked_for_with_the_kinds_that_have_it() -> None:
    space = space_of(
        **{DROPOUT: "float:0..0.5", RATE: "float:1e-4..1e-2:log", WIDTH: "8,16", KIND: "plain,residual"}
    )

    found = {one.path: (one.distribution, dict(one.asked_when)) for one in space.parameters}
    assert found == {
        KIND: (CategoricalDistribution(("plain", "residual")), {}),
        WIDTH: (CategoricalDistribution((8, 16)), {KIND: ("plain", "residual")}),
        DROPOUT: (FloatDistribution(0, 0.5), {KIND: ("residual",)}),
        RATE: (FloatDistribution(1e-4, 1e-2, log=True), {}),
    }
    assert [one.path for one in space.parameters][0] == KIND


def test_slots_within_slots_and_single_items_are_searched() -> None:
    item = "multi_feature.feature_extractors.kar"
    settings = load_settings(model="vae-gan")
    deep = next(iter(make_space(settings, {"vae_gan.vae.encoder.kind": "*"}).parameters))
    space = space_of(**{f"{item}.kind": "plain,normalized", f"{item}.hidden_features": "int:4..8"})

    assert len(deep.distribution.choices) > 1  # type: ignore[attr-defined]
    first, second = space.parameters
    assert (first.path, second.distribution) == (f"{item}.kind", IntDistribution(4, 8))
    assert space.settings.multi_feature.feature_extractors["kar"].kind == "periodic"  # as all others


def test_everything_stands_for_all_kinds_and_words() -> None:
    space = space_of(**{KIND: "*", "trainer.precision": "*"})

    kinds, words = (set(one.distribution.choices) for one in space.parameters)  # type: ignore[attr-defined]
    if "32-true" in kinds:
        kinds, words = words, kinds
    assert {"plain", "residual", "periodic"} <= kinds
    assert {"32-true", "bf16-mixed"} <= words


def test_the_defaults_are_what_the_settings_say() -> None:
    assert space_of(**{KIND: "plain,residual", RATE: "float:1e-4..1e-2"}).defaults()[RATE] == 1e-3


@pytest.mark.parametrize(
    ("search", "words"),
    [
        ({"multi_feature.feature_extracter.kind": "a,b"}, ["did you mean 'multi_feature.feature_extractor'"]),
        ({KIND: "plain,resdual"}, ["did you mean 'residual'", "allowed: plain"]),
        ({RATE: "float:-1..1"}, ["greater than 0"]),
        ({"multi_feature.head.dropout": "float:0..2"}, ["= 2", "less than 1"]),
        ({WIDTH: "float:1..9"}, ["valid integer"]),
        ({"multi_feature.feature_extractor": "a,b"}, ["feature_extractor.kind"]),
        (
            {"multi_feature.feature_extractor.max_embedded": "int:1..9", KIND: "plain,residual"},
            ["belongs to"],
        ),
        ({"seed": "int:0..9"}, ["the same for all trials"]),
        ({"trainer.monitor": "*"}, ["give values or a range"]),
        ({}, ["nothing is searched"]),
    ],
)
def test_what_no_setting_takes_is_refused_with_its_place(search: dict[str, Any], words: list[str]) -> None:
    problems = problems_of(**search)

    assert all(any(word in line for line in problems) for word in words), problems
    assert all(line.startswith(("--search ", "nothing")) for line in problems)


def test_objectives_say_what_is_better_or_have_a_name_that_does() -> None:
    sweep = check_sweep({"objectives": ["val_macro_f1", "parameters:min", "val/odd:max"]})

    assert [str(one) for one in sweep.objectives] == ["val_macro_f1:max", "parameters:min", "val/odd:max"]
    for wrong in (["val/odd"], ["val_loss", "val_loss:max"]):
        with pytest.raises(SettingsError, match="--objective"):
            check_sweep({"objectives": wrong})
    with pytest.raises(SettingsError, match=r"sweep\.trials = 0"):
        check_sweep({"trials": 0})
