"""Test doubles and fixtures of pytest work for a family of one file."""

from collections.abc import Callable
from typing import Any

import pytest

from nested_lightning import bootstrap, overriding
from nested_lightning.testing import pytest_plugin
from nested_lightning.testing.doubles import SubmoduleDouble, few_samples, one_step_trainer
from tests.containers.owning.classifier import DenseNet, Squares, corners


@pytest.fixture
def application() -> Any:
    """Stand in for the plug-in's fixture, with a family of one file."""
    return bootstrap({"corners": {}}, family=corners)


override = pytest_plugin.override


def _double(**widths: int) -> SubmoduleDouble:
    return SubmoduleDouble(gives=lambda answer, pictures: answer.expand(len(pictures), -1), **widths)


def test_a_double_stands_in_a_step_and_remembers_its_call(application: Any) -> None:
    with overriding(application, "corners.net", _double):
        model = application.corners.model()
        one_step_trainer().fit(model, application.corners.datamodule())

    assert model.net.in_features == 36
    assert model.net.calls[0].args[0].shape[1:] == (1, 6, 6)


def test_the_fixture_of_the_plug_in_overrides_a_part(application: Any, override: Callable[..., None]) -> None:
    override("corners.net", lambda **widths: DenseNet(**widths, hidden_features=3))

    assert application.corners.model().net.layers[1].out_features == 3


def test_few_samples_stand_for_the_data(application: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = few_samples(application, num_samples=4)
    with overriding(application, "corners.datamodule", samples):
        monkeypatch.setattr(Squares, "__init__", lambda *_, **__: pytest.fail("the data are needed"))
        model = application.corners.model()
        one_step_trainer().fit(model, application.corners.datamodule())

    batch = next(iter(samples.train_dataloader()))
    assert batch[0].shape == (4, 1, 6, 6)
    assert model.net.layers[1].in_features == 36
