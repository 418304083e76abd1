"""Patterns and types set many settings at once."""

from pathlib import Path
from typing import Any

import pytest

from nested_lightning import SettingsError, load_settings, parse_settings
from nested_lightning.settings.application import (
    ApplicationSettings,
    application_settings_model,
    change_settings,
    expand_layers,
)
from nested_lightning.settings.reading.layers import find_values
from nested_lightning.settings.reading.loading import collect_layers, resolve_layers
from nested_lightning.settings.reading.merging import merge_layers

EXTRACTOR, HEAD = "multi_feature.feature_extractor", "multi_feature.head"
KAR = f"{EXTRACTOR}s.kar"
ALL = "multi_feature.**.dropout"


def _loaded(*assignments: Any, model: str = "multi-feature", **more: Any) -> ApplicationSettings:
    return load_settings(model=model, assignments=assignments, **more)


def _dropouts(settings: ApplicationSettings) -> tuple[float, float]:
    return settings.multi_feature.feature_extractor.dropout, settings.multi_feature.head.dropout


def test_two_stars_stand_for_any_number_of_names() -> None:
    settings = _loaded(f"{ALL}=0.2", f"{KAR}.kind=residual")

    assert _dropouts(settings) == (0.2, 0.2)
    assert settings.multi_feature.feature_extractors["kar"].dropout == 0.2
    assert settings.multi_feature.modality_dropout == 0.0


def test_one_star_stands_for_one_name() -> None:
    settings = _loaded("multi_feature.*.dropout=0.2", f"{KAR}.kind=residual")

    assert _dropouts(settings) == (0.2, 0.2)
    assert settings.multi_feature.feature_extractors["kar"].dropout != 0.2


def test_a_name_of_what_is_built_selects_by_type() -> None:
    settings = _loaded("**.MemberHead.dropout=0.2")

    assert _dropouts(settings) == (0.3, 0.2)


def test_kinds_that_a_later_layer_chooses_are_met(tmp_path: Path) -> None:
    file = tmp_path / "my.yaml"
    file.write_text('"multi_feature.**.num_blocks": 5\n')

    settings = _loaded(f"{EXTRACTOR}.kind=residual", config=file)

    assert settings.multi_feature.feature_extractor.num_blocks == 5


@pytest.mark.parametrize(
    "assignments", [(f"{ALL}=0.2", f"{HEAD}.dropout=0.4"), (f"{HEAD}.dropout=0.4", f"{ALL}=0.2")]
)
def test_an_exact_name_wins_in_the_same_layer_whatever_the_order(assignments: tuple[str, ...]) -> None:
    assert _dropouts(_loaded(*assignments)) == (0.2, 0.4)


def test_a_later_layer_wins_over_an_earlier_one(tmp_path: Path) -> None:
    file = tmp_path / "my.yaml"
    file.write_text("multi_feature: {head: {dropout: 0.4}}\n")
    assert _dropouts(_loaded(f"{ALL}=0.2", config=file)) == (0.2, 0.2)

    file.write_text('multi_feature: {"**": {dropout: 0.2}}\n')
    assert _dropouts(_loaded(f"{HEAD}.dropout=0.4", config=file)) == (0.2, 0.4)


def test_of_two_patterns_the_later_one_wins() -> None:
    kind = f"{HEAD}.kind=normalized"  # which has but a dropout
    assert _dropouts(_loaded(kind, "multi_feature.head.*=0.4", f"{ALL}=0.2")) == (0.2, 0.2)
    assert _dropouts(_loaded(kind, f"{ALL}=0.2", "multi_feature.head.*=0.4")) == (0.2, 0.4)


def test_what_another_kind_dropped_does_not_stand_against_a_pattern() -> None:
    settings = _loaded(f"{ALL}=0.2", f"{EXTRACTOR}.dropout=0.5", f"{EXTRACTOR}.kind=residual")

    assert settings.multi_feature.feature_extractor.dropout == 0.2


def test_files_and_python_take_patterns_at_any_level(tmp_path: Path) -> None:
    file = tmp_path / "my.yaml"
    file.write_text(
        'model: multi-feature\nmulti_feature:\n  "**.dropout": 0.2\n  head: {kind: normalized, "*": 0.4}\n'
    )
    values = {
        "model": "multi-feature",
        "multi_feature": {"**.dropout": 0.2},
        f"{HEAD}.kind": "normalized",
        f"{HEAD}.*": 0.4,
    }

    assert _dropouts(load_settings(config=file)) == (0.2, 0.4)
    assert _dropouts(parse_settings(values)) == (0.2, 0.4)
    changed = change_settings(parse_settings({"model": "multi-feature"}).to_plain(), {ALL: 0.2})
    assert _dropouts(parse_settings(changed)) == (0.2, 0.2)


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("multi_feature.**.dropuot=0.1", "meets no setting; did you mean 'multi_feature.**.dropout'?"),
        ("mult_feature.**.dropout=0.1", "unknown name; did you mean 'multi_feature'?"),
        ("**.MemberHaed.dropout=0.1", "meets no setting; did you mean '**.MemberHead.dropout'?"),
        ("multi_feature.*ed.dropout=0.1", "unknown name"),
        ("trainer.**.nowhere=1", "meets no setting (settings there: max_epochs, min_epochs"),
        ("multi_feature.**.kind=linear", "choose kinds by their whole names"),
        ("multi_feature.**.dropout=2", "multi_feature.head.dropout = 2: input should be less than 1"),
        ("**.image_extractor.dropout=0.1", "meets no setting"),
    ],
)
def test_what_is_wrong_names_the_pattern_and_what_it_met(assignment: str, message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        _loaded(assignment)

    assert any(line.startswith(f"--set {assignment}: ") and message in line for line in raised.value.problems)


def test_what_is_wrong_in_a_file_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "my.yaml"
    file.write_text('model: multi-feature\n"multi_feature.head.*": 2\n')

    with pytest.raises(
        SettingsError, match=r"my.yaml:2:1 \(multi_feature.head.\*\): multi_feature.head.dropout = 2"
    ):
        load_settings(config=file)


def test_what_is_left_out_does_not_appear() -> None:
    settings = _loaded("variant.**.dropout=0.2", model="variant")

    assert settings.variant.trunk is None
    with pytest.raises(SettingsError, match="meets no setting"):
        _loaded("variant.**.trunk.dropout=0.2", model="variant")


def test_choices_that_the_family_makes_by_itself_stay() -> None:
    settings = _loaded("variant.**.out_features=16", model="variant")

    assert settings.variant.vector_adapter.out_features == 16
    assert settings.variant.variants["image"].adapter.kind == "picture"


def test_another_familys_settings_are_met_by_a_pattern_that_begins_with_it_alone() -> None:
    assert _loaded("**.dropout=0.2").vae_gan.discriminator.dropout != 0.2
    assert _loaded("vae_gan.**.dropout=0.2").vae_gan.discriminator.dropout == 0.2


def test_a_setting_that_is_a_mapping_is_met_as_a_whole_and_by_a_name_in_it() -> None:
    whole = _loaded("multi_feature.objective.kind=classes", "multi_feature.*.class_weights={a: 2, b: 3}")
    single = _loaded("multi_feature.objective.kind=classes", "multi_feature.*.class_weights.a=2")

    assert whole.multi_feature.objective.class_weights == {"a": 2.0, "b": 3.0}
    assert single.multi_feature.objective.class_weights == {"a": 2.0}


def test_stars_are_names_where_names_are_the_users() -> None:
    policy = {"multi_feature.*": {"freeze": True}}
    settings = _loaded(
        {"submodules": policy}, 'multi_feature.objective={kind: classes, class_weights: {"*": 2}}'
    )

    assert [*settings.submodules] == ["multi_feature.*"]
    assert settings.multi_feature.objective.class_weights == {"*": 2.0}


def test_a_pattern_may_mend_what_is_wrong_without_it() -> None:
    decoder = "image_to_text.text_decoder"
    settings = _loaded(
        f"{decoder}.kind=transformer",
        f"{decoder}.num_heads=3",
        "image_to_text.*.hidden_features=96",
        model="image-to-text",
    )

    assert settings.image_to_text.text_decoder.hidden_features == 96


def test_a_note_says_what_was_met_and_what_stays_as_it_is_named() -> None:
    notes: list[str] = []

    resolve_layers(
        collect_layers(
            model="multi-feature", assignments=["multi_feature.*.dropout=0.2", f"{HEAD}.dropout=0.4"]
        ),
        notes,
    )

    (note,) = notes
    assert note.startswith(f"multi_feature.*.dropout = 0.2: 4 settings ({EXTRACTOR}.dropout, ")
    assert note.endswith(f"sequence_extractor.dropout); left as it is set by name: {HEAD}.dropout")


def test_what_a_pattern_replaced_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "my.yaml"
    file.write_text("multi_feature: {head: {dropout: 0.5}}\n")
    layers = expand_layers(collect_layers(model="multi-feature", config=file, assignments=[f"{ALL}=0.2"]))

    assert list(
        find_values(
            layers, merge_layers(layers, application_settings_model()), ("multi_feature", "head", "dropout")
        )
    ) == [
        (0.2, f"--set {ALL}=0.2"),
        (0.5, f"{file}:1:24"),
    ]
