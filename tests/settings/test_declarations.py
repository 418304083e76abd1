"""What every settings model promises: frozen, described, and in step with what it configures."""

import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticUndefined

from nested_lightning import families
from nested_lightning.app.image_to_text.captioner import Captioner
from nested_lightning.settings.application import application_settings_model
from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.describing.walking import NamedItems, Place, fields_of
from nested_lightning.settings.slot import Slot


def _all_models(place: Place) -> Iterator[type[BaseModel]]:
    if isinstance(place, Slot):
        for choice in place.choices.values():
            yield from _all_models(choice)
    elif isinstance(place, NamedItems):
        yield from _all_models(place.item)
    elif place is not None:
        yield place
        for inner in fields_of(place).values():
            yield from _all_models(inner)


MODELS = list(dict.fromkeys(_all_models(application_settings_model())))
CHOICES = [model for model in MODELS if issubclass(model, ChoiceSettings)]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_settings_model_is_frozen_forbids_unknown_names_and_describes_each_field(
    model: type[BaseModel],
) -> None:
    assert model.model_config.get("frozen") is True
    assert model.model_config.get("extra") == "forbid"
    for name, field in model.model_fields.items():
        assert field.description, f"{model.__name__}.{name} has no description"


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.__name__)
def test_choice_has_the_keywords_of_its_target_and_their_defaults(choice: type[ChoiceSettings]) -> None:
    module, _, name = choice.target.rpartition(".")
    keywords = inspect.signature(getattr(import_module(module), name)).parameters
    others = ("kind", *getattr(choice, "not_built_of", ()))
    fields = {name: field for name, field in choice.model_fields.items() if name not in others}

    is_open = any(one.kind is one.VAR_KEYWORD for one in keywords.values())  # a foreign class takes the rest
    assert is_open or fields.keys() <= keywords.keys()
    for name in fields.keys() & keywords.keys():
        default = keywords[name].default
        expected = PydanticUndefined if default is inspect.Parameter.empty else default
        assert _as_list(fields[name].get_default(call_default_factory=True)) == _as_list(expected), name


def _as_list(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value  # settings files know lists alone


@pytest.mark.parametrize("name", families())
def test_predictor_takes_the_options_that_its_description_has(name: str) -> None:
    family = families()[name]
    answers: Any = import_module(f"nested_lightning.app.{family.section}.answers")
    writing = [Captioner.generation_for] if name == "image-to-text" else []  # takes most of its options
    keywords = {
        parameter.name: parameter.default
        for function in (answers.answer_files, *writing)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
    }

    del keywords["files"]
    assert keywords == {
        option: field.default for option, field in family.predictor.options.model_fields.items()
    }


def test_pictures_are_written_in_the_formats_that_the_description_has() -> None:
    from nested_lightning.app.vae_gan.answers import FORMATS

    assert tuple(families()["vae-gan"].predictor.formats) == (*FORMATS, "npz")


def test_frozen_settings_refuse_assignment() -> None:
    settings = families()["multi-feature"].settings()

    with pytest.raises(ValidationError, match="frozen"):
        settings.modality_dropout = 0.5  # type: ignore[attr-defined]


def test_every_choice_is_named_once_in_its_slot() -> None:
    for place in fields_of(families()["multi-feature"].settings).values():
        slot = place.item if isinstance(place, NamedItems) else place
        if isinstance(slot, Slot):
            assert slot.default in slot.choices
            assert all(choice.model_fields["kind"].default == kind for kind, choice in slot.choices.items())


def test_kind_and_target_may_stand_in_the_class_statement_of_a_choice() -> None:
    class Base(ChoiceSettings, module="waves.features"):
        """What all have."""

    class Near(Base, kind="near", target=".Waves"):
        """Waves at hand."""

    class Far(Base, kind="far", target="other.Waves"):
        """Waves elsewhere."""

    assert (Near.target, Far.target) == ("waves.features.Waves", "other.Waves")
    assert (Near().kind, Near.model_fields["kind"].description) == ("near", "Waves at hand.")
    with pytest.raises(ValidationError, match="should be 'far'"):
        Far(kind="near")
