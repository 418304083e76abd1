"""What an assignment can go on with."""

from nested_lightning import families
from nested_lightning.settings.describing.completion import complete_assignment


def _texts(typed: str, **values: object) -> list[str]:
    return [text for text, _ in complete_assignment(typed, values)]


def test_sections_of_other_families_are_left_out() -> None:
    assert "variant." in _texts("", model="variant")
    assert "vae_gan." not in _texts("", model="variant")
    assert {f"{family.section}." for family in families().values()} <= set(_texts(""))


def test_a_single_name_is_followed_at_once_by_what_comes_behind_it() -> None:
    assert _texts("see") == ["seed=0"]
    assert _texts("multi_feature.hea") == [
        f"multi_feature.head.{name}="
        for name in ("kind", "num_members", "hidden_features", "num_layers", "max_features", "dropout")
    ]


def test_the_fields_are_those_of_the_kind_that_is_set() -> None:
    head = {"multi_feature": {"head": {"kind": "linear"}}}

    assert _texts("multi_feature.head.d", **head) == []
    assert _texts("multi_feature.head.d") == ["multi_feature.head.dropout=0.3"]


def test_an_item_of_any_name_has_the_fields_of_its_slot() -> None:
    assert "multi_feature.feature_extractors.kar.kind=" in _texts("multi_feature.feature_extractors.kar.")


def test_items_that_are_there_are_offered_by_name() -> None:
    items: dict[str, object] = {"multi_feature": {"feature_extractors": {"a.b": {}, "fou": {}}}}

    assert _texts("multi_feature.feature_extractors.", **items) == [
        "multi_feature.feature_extractors.a%2Eb.",
        "multi_feature.feature_extractors.fou.",
    ]


def test_values_are_kinds_booleans_and_words_with_descriptions() -> None:
    assert ("multi_feature.head.kind=linear", "One fully connected layer.") in complete_assignment(
        "multi_feature.head.kind=", {}
    )
    assert _texts("trainer.monitor_mode=") == [
        "trainer.monitor_mode=auto",
        "trainer.monitor_mode=min",
        "trainer.monitor_mode=max",
    ]
    assert _texts("trainer.num_threads=") == ["trainer.num_threads=auto", "trainer.num_threads=null"]
    assert _texts("model=va") == ["model=vae-gan", "model=variant"]


def test_what_is_no_setting_has_no_continuation() -> None:
    assert _texts("nothing.at.all") == []
    assert _texts("seed.deeper.") == []
    assert _texts("seed.deeper=") == []
