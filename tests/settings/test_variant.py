"""Settings of several variants: what ships, what is put over it, and what is left out."""

import pytest

from nested_lightning import SettingsError, families, parse_settings
from nested_lightning.settings.choices.sequence_decoders import (
    LinearDecoderSettings,
    RecurrentDecoderSettings,
)
from nested_lightning.settings.data.variant import (
    DigitSequencesSettings,
    PythonSourcesSettings,
    SequenceFileSettings,
)
from nested_lightning.settings.describing.walking import Place, step
from nested_lightning.settings.variant import VariantSettings


def _parse(**section: object) -> VariantSettings:
    section_settings: VariantSettings = parse_settings({"model": "variant", "variant": section}).variant
    return section_settings


def test_image_and_text_are_there_by_default() -> None:
    sources = _parse().sources

    assert list(sources) == ["image", "text"]
    assert isinstance(sources["image"], DigitSequencesSettings)
    assert isinstance(sources["text"], PythonSourcesSettings)


def test_pictures_have_an_adapter_of_their_own_until_one_of_vectors_is_set() -> None:
    assert _parse().own("adapter")["image"].kind == "picture"
    assert _parse(vector_adapter={"kind": "perceptron"}).own("adapter") == {}


def test_a_setting_of_one_variant_leaves_the_rest_as_it_is() -> None:
    settings = _parse(variants={"text": {"weight": 2.0, "source": {"window": 128}}})

    assert settings.own("weight") == {"image": 1.0, "text": 2.0}
    source = settings.sources["text"]
    assert isinstance(source, PythonSourcesSettings)
    assert (source.window, source.margin) == (128, 32)


def test_a_variant_can_be_added_and_replaced() -> None:
    settings = _parse(
        variants={"text": {"source": {"kind": "file", "path": "t.jsonl"}}, "speech": {"weight": 3}}
    )

    assert list(settings.sources) == ["image", "text", "speech"]
    assert isinstance(settings.sources["text"], SequenceFileSettings)
    assert isinstance(settings.sources["speech"], SequenceFileSettings)


def test_with_data_of_ones_own_the_shipped_variants_are_not_there() -> None:
    assert _parse(data={"path": "folder"}).variants == {}


def test_variants_are_left_out_and_frozen_by_name() -> None:
    variants = {"image": {"is_frozen": True}, "text": {"is_evaluated": False}}

    assert _parse(variants=variants).untrained == ["image"]
    assert _parse(variants=variants, trunk={"kind": "perceptron"}).untrained == []
    assert _parse(variants=variants).unevaluated == ["text"]
    assert list(_parse(variants={"text": {"is_trained": False, "is_evaluated": False}}).sources) == ["image"]


def test_the_original_preset_reads_forwards() -> None:
    original = families()["variant"].presets["original"].values["variant"]
    settings = _parse(**original)

    assert isinstance(settings.decoder, RecurrentDecoderSettings)
    assert not settings.decoder.is_bidirectional
    assert (settings.decoder.cell, settings.decoder.hidden_features) == ("lstm", 64)
    assert (settings.vector_adapter.kind, settings.vector_adapter.out_features) == ("projection", 32)
    assert settings.own("adapter") == {}


def test_settings_as_plain_data_give_the_same_again() -> None:
    original = families()["variant"].presets["original"].values
    for section in ({}, {"variants": {"text": {"is_trained": False}}}, original["variant"]):
        first = parse_settings({"model": "variant", "variant": section})

        assert parse_settings(first.to_plain()) == first


def test_a_misspelt_setting_of_a_variants_own_decoder_is_named_by_its_path() -> None:
    with pytest.raises(
        SettingsError, match=r"variant\.variants\.text\.decoder\.hiden_features = 3.*did you mean"
    ):
        _parse(variants={"text": {"decoder": {"kind": "recurrent", "hiden_features": 3}}})


def test_an_optional_choice_is_walked_like_any_other() -> None:
    place: Place = VariantSettings
    for name in ("variants", "text", "decoder"):
        place = step(place, name)

    assert set(getattr(place, "choices", {}).values()) == {RecurrentDecoderSettings, LinearDecoderSettings}
