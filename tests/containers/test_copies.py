"""Composites are copied and pickled as any module is, without the container that built them."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from nested_lightning import bootstrap, family_container, load_settings, overriding
from tests.containers.owning.auto_encoder import waves
from tests.containers.owning.image_classifier import pictures
from tests.frozen.set_ups import FAMILIES, SMALL, TRAINED

COPIES = [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))]


def _assert_equal(one: nn.Module, other: nn.Module) -> None:
    assert other is not one
    torch.testing.assert_close(dict(other.state_dict()), dict(one.state_dict()), rtol=0, atol=0)


@pytest.mark.parametrize("duplicate", COPIES, ids=["copied", "pickled"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_composite_has_equal_weights_and_factories_that_build(
    family: str, duplicate: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(TRAINED / family)
    model = family_container(bootstrap(load_settings(config=SMALL))).model()
    other = duplicate(model)
    _assert_equal(model, other)
    components = getattr(other, "_optimization", None)
    factories = (
        [one.optimizer for one in components.components.values()]
        if components
        else [other._optimizer_factory]
    )
    for factory in factories:
        assert isinstance(factory(other.parameters()), torch.optim.Optimizer)


@pytest.mark.parametrize("duplicate", COPIES, ids=["copied", "pickled"])
@pytest.mark.parametrize("own", [pictures, waves])
def test_a_module_of_ones_own_builds_its_optimisers_too(own: Any, duplicate: Callable[[Any], Any]) -> None:
    model = family_container(bootstrap({}, family=own)).model()
    other = duplicate(model)
    _assert_equal(model, other)
    assert other.configure_optimizers()


def test_what_was_put_in_goes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TRAINED / "multi-feature")
    application = bootstrap(load_settings(config=SMALL))
    with overriding(application, "multi_feature.optimizer", torch.optim.RMSprop):
        other = pickle.loads(pickle.dumps(application.multi_feature.model()))
    assert isinstance(other._optimizer_factory(other.parameters()), torch.optim.RMSprop)
