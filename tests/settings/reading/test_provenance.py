"""Where each value comes from, what it replaced, and what is dropped with a choice."""

from pathlib import Path

import pytest

from nested_lightning import load_settings, parse_settings
from nested_lightning.settings.application import application_settings_model
from nested_lightning.settings.reading.layers import Layer, find_origin, find_values
from nested_lightning.settings.reading.loading import collect_layers, resolve_layers
from nested_lightning.settings.reading.merging import flatten, merge_layers, parse_assignment


def _set(*texts: str) -> list[Layer]:
    return [Layer(parse_assignment(text), origin=f"--set {text}") for text in texts]


def test_a_value_comes_from_its_topmost_layer_and_names_those_below(tmp_path: Path) -> None:
    file = tmp_path / "my.yaml"
    file.write_text("trainer: {max_epochs: 5}\n")
    layers = collect_layers(
        model="multi-feature",
        config=file,
        environ={"NESTED_LIGHTNING__TRAINER__MAX_EPOCHS": "6"},
        assignments=_set("trainer.max_epochs=7"),
    )

    assert list(
        find_values(layers, merge_layers(layers, application_settings_model()), ("trainer", "max_epochs"))
    ) == [
        (7, "--set trainer.max_epochs=7"),
        (6, "NESTED_LIGHTNING__TRAINER__MAX_EPOCHS"),
        (5, f"{file}:1:11"),
        (60, "default of multi-feature"),
    ]
    assert find_origin(layers, ("seed",)) is None


def test_another_choice_drops_what_was_set_for_the_one_before_and_says_so() -> None:
    layers = collect_layers(
        model="multi-feature",
        assignments=_set(
            "multi_feature.feature_extractor.hidden_features=99",
            "multi_feature.feature_extractor.kind=linear",
        ),
    )
    dropped: list[str] = []

    settings = resolve_layers(layers, dropped)

    assert settings.multi_feature.feature_extractor.kind == "linear"
    assert dropped == [
        "multi_feature.feature_extractor: linear replaces periodic, so hidden_features=99 is dropped"
    ]


@pytest.mark.parametrize("family", ["vae-gan", "image-to-text"])
def test_another_choice_says_nothing_of_what_nobody_set(family: str) -> None:
    section = "vae_gan.vae" if family == "vae-gan" else "image_to_text"
    other = _set(f"{section}.optimizer.kind=sgd", f"{section}.schedule.kind=constant")
    dropped: list[str] = []

    resolve_layers(collect_layers(model=family, assignments=other), dropped)
    assert dropped == []

    set_before = _set(f"{section}.optimizer.lr=0.5")
    resolve_layers(collect_layers(model=family, assignments=[*set_before, *other]), dropped)
    assert [line.partition("so ")[2] for line in dropped] == ["lr=0.5 is dropped"]


def test_what_was_dropped_with_a_choice_gives_no_value_its_place() -> None:
    layers = collect_layers(
        model="multi-feature",
        assignments=_set(
            "multi_feature.feature_extractor.hidden_features=99",
            "multi_feature.feature_extractor.kind=residual",
        ),
    )
    names = ("multi_feature", "feature_extractor", "hidden_features")

    assert resolve_layers(layers).multi_feature.feature_extractor.hidden_features != 99
    assert list(find_values(layers, merge_layers(layers, application_settings_model()), names)) == []


def test_the_same_choice_keeps_what_was_set_for_it() -> None:
    layers = collect_layers(
        model="multi-feature",
        assignments=_set(
            "multi_feature.feature_extractor.hidden_features=99",
            "multi_feature.feature_extractor.kind=periodic",
        ),
    )
    dropped: list[str] = []

    assert resolve_layers(layers, dropped).multi_feature.feature_extractor.hidden_features == 99
    assert dropped == []


def test_a_named_item_is_added_and_removed_by_its_name() -> None:
    added = _set(
        "multi_feature.feature_extractors.kar.kind=linear", "multi_feature.feature_extractors.fou.kind=plain"
    )
    layers = collect_layers(
        model="multi-feature", assignments=[*added, *_set("multi_feature.feature_extractors.kar=null")]
    )

    assert list(resolve_layers(layers).multi_feature.feature_extractors) == ["fou"]


def test_removing_an_item_that_is_not_there_changes_nothing() -> None:
    layers = collect_layers(
        model="multi-feature", assignments=_set("multi_feature.feature_extractors.kar=null")
    )

    assert resolve_layers(layers).multi_feature.feature_extractors == {}


def test_flattened_values_are_the_ends_of_all_paths() -> None:
    assert flatten({"a": {"b": 1, "c": {}}, "d": [2]}) == {("a", "b"): 1, ("a", "c"): {}, ("d",): [2]}


def test_a_setting_of_older_files_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("model: multi-feature\ntrainer: {log_every_n_steps: 1, max_epochs: 2}\n")
    dropped: list[str] = []

    settings = resolve_layers(collect_layers(config=file), dropped)

    assert settings.trainer.max_epochs == 2
    assert dropped == [
        "trainer.log_every_n_steps: is no setting any more, and left out"
        " (metrics.csv has a line for each epoch)"
    ]
    assert parse_settings({"model": "multi-feature", "trainer": {"log_every_n_steps": 1}}).trainer == (
        load_settings(model="multi-feature").trainer
    )
