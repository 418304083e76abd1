"""What a person sees who explores a container in a notebook."""

import logging
import sys
from importlib.resources import files
from typing import Any

import pytest

import nested_lightning as nl
from nested_lightning.app.answers import Predictor


@pytest.fixture
def application(small_settings: dict[str, Any]) -> nl.ApplicationContainer:
    return nl.bootstrap(small_settings)


def test_names_in_a_container_are_those_of_what_it_gives(application: nl.ApplicationContainer) -> None:
    names = dir(application.multi_feature)

    assert {"model", "predictor", "training_run", "datamodule", "head"} <= set(names)
    assert not {"override", "async_", "reset_override", "traverse"} & set(names)
    assert set(dir(application)) == {"settings", "trainer", "multi_feature", "train"}


def test_what_names_leave_out_can_still_be_used(application: nl.ApplicationContainer) -> None:
    with application.multi_feature.head.override(None):
        assert application.multi_feature.head.overridden
    assert not application.multi_feature.overridden
    assert "multi_feature" in application.providers


def test_representations_say_what_a_thing_is(application: nl.ApplicationContainer) -> None:
    family = application.multi_feature

    assert repr(application) == "<container of settings, trainer, multi_feature, train>"
    assert repr(family) == str(family)
    assert "training_run" in repr(family)
    assert (
        repr(family.datamodule())
        == str(family.datamodule())
        == ("<MultiFeatureDataModule of batches of 16 rows>")
    )
    assert repr(family.training_run()).startswith("<training of MultiFeatureClassifier in ")
    assert repr(Predictor(model=family.model(), data_spec=None)) == "<Predictor of a MultiFeatureClassifier>"


def test_lightning_is_quiet_where_a_training_begins_in_python(
    application: nl.ApplicationContainer, capfd: pytest.CaptureFixture[str]
) -> None:
    handler = logging.StreamHandler(sys.stderr)
    logging.getLogger("pytorch_lightning").addHandler(handler)
    try:
        application.multi_feature.training_run()()
    finally:
        logging.getLogger("pytorch_lightning").removeHandler(handler)

    said = capfd.readouterr()
    for remark in ("GPU available", "Tip:", "Trainer.fit", "Restor"):
        assert remark not in said.err + said.out


def test_types_are_shipped() -> None:
    assert files("nested_lightning").joinpath("py.typed").is_file()
