"""A container that has trained holds the trained model: its model, predictor and evaluator are that one."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from nested_lightning import (
    UserError,
    bootstrap,
    family_container,
    from_checkpoint,
    load_settings,
    overriding,
    resume_training,
)
from tests.containers.owning.image_classifier import pictures
from tests.frozen.set_ups import FAMILIES, SMALL, TRAINED

SHORT = {"trainer": {"max_epochs": 1, "use_progress_bar": False}}


def _small(family: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return an application's container with the family's small settings."""
    monkeypatch.chdir(TRAINED / family)
    return bootstrap(load_settings(config=SMALL, assignments=[{"run_dir": str(folder)}, SHORT]))


def _weights(model: nn.Module) -> dict[str, Any]:
    return {name: value.clone() for name, value in model.state_dict().items()}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_model_after_a_training_is_that_of_its_checkpoint(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = family_container(_small(family, tmp_path / "run", monkeypatch))
    result = container.training_run()()
    opened = family_container(from_checkpoint(result.best_checkpoint))

    assert not container.model().training
    assert container.model() is container.model()
    torch.testing.assert_close(_weights(container.model()), _weights(opened.model()), rtol=0, atol=0)
    assert container.evaluator()().scores == opened.evaluator()().scores


def test_a_predictor_before_a_training_says_that_nothing_was_trained() -> None:
    container = bootstrap({"model": "multi-feature"}).multi_feature
    for ask in (container.predictor, container.evaluator):
        with pytest.raises(UserError, match="multi-feature: nothing has been trained in this container yet"):
            ask()


def test_a_second_training_begins_with_a_model_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = TRAINED / "multi-feature"
    data = {"multi_feature": {"data": {"path": str(folder / "data" / "shapes.csv")}}}
    settings = load_settings(config=folder / SMALL, assignments=[SHORT, data])
    container = bootstrap(settings).multi_feature
    initial = _weights(container.model())
    one = container.training_run()()
    first = container.model()
    again = container.training_run()

    torch.testing.assert_close(_weights(again.model), initial, rtol=0, atol=0)
    assert container.model() is first
    assert again().run_folder.path != one.run_folder.path
    assert container.model() is again.model


def test_an_override_is_built_anew_and_gives_way_to_the_trained_model_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = _small("multi-feature", tmp_path / "run", monkeypatch)
    application.multi_feature.training_run()()
    trained = application.multi_feature.model()
    with overriding(application, "multi_feature.head", nn.LazyLinear(3)):
        assert isinstance(application.multi_feature.model().head, nn.Linear)
    assert application.multi_feature.model() is trained


def test_a_model_trained_with_an_override_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    application = _small("multi-feature", tmp_path / "run", monkeypatch)
    with overriding(application, "multi_feature.head", nn.LazyLinear(3)):
        run = application.multi_feature.training_run()
        run()
        assert application.multi_feature.model() is run.model
    assert application.multi_feature.model() is run.model


def test_an_ended_training_that_is_resumed_gives_its_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = _small("multi-feature", tmp_path / "run", monkeypatch)
    application.multi_feature.training_run()()
    run = resume_training(tmp_path / "run")
    run()

    wanted = application.multi_feature.model()
    torch.testing.assert_close(_weights(run.model), _weights(wanted), rtol=0, atol=0)


def test_a_family_of_ones_own_holds_its_trained_model(tmp_path: Path) -> None:
    trainer = {"max_epochs": 3, "accelerator": "cpu", "use_progress_bar": False}
    container = bootstrap({"run_dir": str(tmp_path / "run"), "trainer": trainer}, family=pictures).pictures
    with pytest.raises(UserError, match="pictures: nothing has been trained"):
        container.evaluator()
    result = container.training_run()()

    assert container.evaluator()().scores == pytest.approx(result.test_metrics)
