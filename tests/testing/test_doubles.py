"""Test doubles: they take the places of real ones, remember calls, and a step can be done with them."""

from functools import partial
from typing import Any

import pytest
import torch

from nested_lightning import bootstrap, overriding
from nested_lightning.app.errors import UserError
from nested_lightning.testing.doubles import SubmoduleDouble, few_samples, one_step_trainer
from nested_lightning.testing.small_specs import small_spec

FAMILIES = ["multi-feature", "image-to-text", "variant", "vae-gan"]


def test_a_told_submodule_gives_its_answer_and_remembers_its_calls() -> None:
    told: Any = SubmoduleDouble(answer=[1.0, 2.0], in_features=3)
    x = torch.randn(4, 3, requires_grad=True)

    y = told(x)
    y.sum().backward()

    assert y.tolist() == [[1.0, 2.0]] * 4
    assert (told.in_features, told.out_features) == (3, 2)
    assert told.calls[0].args[0] is x
    assert told.answer.grad is not None
    assert told.answer.grad.tolist() == [4.0, 4.0]
    assert x.grad is not None
    assert not x.grad.any()


def test_it_gives_an_answer_for_each_step_and_whatever_it_is_told() -> None:
    assert SubmoduleDouble(answer=3.0)(torch.randn(2, 5, 7)).shape == (2, 5, 4)
    assert SubmoduleDouble(answer=3.0, out_features=2)(torch.tensor([[1, 2, 3]])).tolist() == [
        [[3.0, 3.0]] * 3
    ]
    decoder = SubmoduleDouble(gives=lambda answer, x, hidden: (answer.expand(len(x), -1), hidden))
    assert decoder(torch.zeros(2, 3), hidden="state")[1] == "state"


def test_it_stands_for_any_part_of_a_classifier() -> None:
    container = bootstrap({"model": "multi-feature", "multi_feature": {"label_smoothing": 0}})
    overrides = {
        "multi_feature.datamodule": few_samples(container),
        "multi_feature.feature_extractor": SubmoduleDouble,
        "multi_feature.combiner": partial(SubmoduleDouble, answer=[1.0, 2.0, 3.0]),
        "multi_feature.head": partial(SubmoduleDouble, answer=[5.0, 0.0, 0.0]),
    }

    with overriding(container, overrides):
        model = container.multi_feature.model()
        logits = model({"first": torch.zeros(2, 3), "second": torch.zeros(2, 2)})

    assert logits.tolist() == [[5.0, 0.0, 0.0]] * 2
    assert model.head.in_features == 3
    assert model.head.calls[-1].args[0].tolist() == [[1.0, 2.0, 3.0]] * 2
    assert len(model.head.calls) == 1  # the check was done with a copy


@pytest.mark.parametrize("name", FAMILIES)
def test_one_step_can_be_done_with_few_samples_in_every_family(name: str) -> None:
    quick = {"vae_gan": {"classifier_steps": 1}} if name == "vae-gan" else {}
    container = bootstrap({"model": name, **quick})
    section = name.replace("-", "_")

    with overriding(container, f"{section}.datamodule", few_samples(container)):
        family = getattr(container, section)
        model, datamodule = family.model(), family.datamodule()
        before = {key: value.clone() for key, value in model.state_dict().items()}
        trainer = one_step_trainer()
        trainer.fit(model, datamodule=datamodule)

    assert trainer.global_step == 1
    assert any(not torch.equal(before[key], value) for key, value in model.state_dict().items())


def test_a_family_of_a_plug_in_needs_its_spec() -> None:
    with pytest.raises(UserError, match="give few_samples a data_spec"):
        small_spec("someone-elses")


def test_a_checkpoints_spec_shapes_the_samples(small_settings: dict[str, Any]) -> None:
    container = bootstrap(small_settings)

    samples = few_samples(container, data_spec=container.multi_feature.data_spec(), num_samples=3)

    assert {name: tuple(x.shape) for name, x in samples.part("train").features.items()} == {
        "kar": (3, 3),
        "fou": (3, 2),
    }
