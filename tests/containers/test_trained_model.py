"""A container that has trained holds the trained model: its model, predictor and evaluator are that one."""

import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from dependency_injector import providers
from pytorch_lightning import Callback, LightningModule, Trainer
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
from nested_lightning.app.training.runs.interruption import TrainingInterruptedError
from nested_lightning.app.training.runs.run_folder import RunFolder
from tests.containers.owning.image_classifier import Classifier, pictures
from tests.containers.shared_trainings import assert_same_training
from tests.frozen.answers import predictions_of
from tests.frozen.set_ups import FAMILIES, SMALL, TRAINED
from tests.quick_first import quick_first

SHORT = {"trainer": {"max_epochs": 1, "use_progress_bar": False}}


def _small(family: str, folder: Path, monkeypatch: pytest.MonkeyPatch, more: Any = None) -> Any:
    """Return an application's container with the family's small settings."""
    monkeypatch.chdir(TRAINED / family)
    return bootstrap(load_settings(config=SMALL, assignments=[{"run_dir": str(folder)}, SHORT, more or {}]))


def _weights(model: nn.Module) -> dict[str, Any]:
    return {name: value.clone() for name, value in model.state_dict().items()}


@pytest.mark.parametrize("family", quick_first(FAMILIES))
def test_the_model_after_a_training_is_that_of_its_checkpoint(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = _small(family, tmp_path / "run", monkeypatch)
    container = family_container(application)
    result = application.train()
    opened = family_container(from_checkpoint(result.best_checkpoint))
    answers = predictions_of(family, opened.predictor())

    assert not container.model().training
    assert container.model() is container.model() is result.predictor.model
    torch.testing.assert_close(_weights(container.model()), _weights(opened.model()), rtol=0, atol=0)
    assert container.evaluator()().scores == opened.evaluator()().scores
    assert predictions_of(family, container.predictor()) == answers
    assert predictions_of(family, result.predictor) == answers


@pytest.mark.parametrize("family", quick_first(FAMILIES))
def test_a_training_that_was_resumed_gives_the_predictor_of_its_checkpoint(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _small(family, tmp_path / "run", monkeypatch).train()
    result = resume_training(tmp_path / "run", {"trainer": {"max_epochs": 2}})()
    opened = family_container(from_checkpoint(result.best_checkpoint))

    assert predictions_of(family, result.predictor) == predictions_of(family, opened.predictor())


def test_a_predictor_before_a_training_says_that_nothing_was_trained() -> None:
    container = bootstrap({"model": "multi-feature"}).multi_feature
    for ask in (container.predictor, container.evaluator):
        with pytest.raises(UserError, match="multi-feature: nothing has been trained in this container yet"):
            ask()


@pytest.mark.slow
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
    two = again()
    assert two.run_folder.path != one.run_folder.path
    assert container.model() is two.predictor.model is again.model
    assert one.predictor.model is first


@pytest.mark.slow
def test_each_training_of_a_container_has_a_run_folder_of_its_own_beside_the_one_that_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = _small("multi-feature", tmp_path / "run", monkeypatch)
    first = application.train()
    before = first.best_checkpoint.read_bytes()
    second, same = application.multi_feature.training_run(), application.multi_feature.training_run()
    result = second()
    with pytest.raises(
        UserError, match="run-2: its training has ended: begin a new training in another folder"
    ):
        same()

    assert result.run_folder.path == tmp_path / "run-2"
    assert application.train().run_folder.path == tmp_path / "run-4"
    assert first.best_checkpoint.read_bytes() == before
    assert resume_training(tmp_path / "run-2")().num_steps == result.num_steps


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_a_second_training_comes_to_the_same_also_after_one_that_was_stopped(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = _small(family, tmp_path / "run", monkeypatch, {"trainer": {"val_every_n_epochs": 1}})
    run = family_container(application).training_run()
    monkeypatch.setattr(run.trainer.fit_loop, "on_advance_end", _stop)
    with pytest.raises(TrainingInterruptedError):
        run()
    for _ in range(2):
        application.train()

    assert_same_training(tmp_path / "run-3", tmp_path / "run-2")


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_the_seed_alone_decides_the_weights(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = []
    for number, seed in enumerate((1, 1, 2)):
        torch.rand(number + 1)  # what was drawn before must not matter
        application = _small(family, tmp_path / str(number), monkeypatch, {"seed": seed})
        application.train()
        parameters = family_container(application).model().parameters()
        ends.append(nn.utils.parameters_to_vector(parameters))

    assert torch.equal(ends[0], ends[1])
    assert not torch.equal(ends[0], ends[2])


def _stop() -> None:
    raise TrainingInterruptedError(15)


class Failing(Callback):
    """Ends a training at the end of its second epoch."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.current_epoch == 1:
            raise self._error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TrainingInterruptedError(15), "was stopped by SIGTERM"),
        (KeyError("lost"), r"failed \(KeyError: 'lost'\)"),
    ],
)
def test_a_training_that_failed_or_was_stopped_is_said_to_have_left_its_checkpoint(
    error: BaseException, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    longer = {"trainer": {"max_epochs": 2}}
    application = _small("multi-feature", tmp_path / "run", monkeypatch, longer)
    best = tmp_path / "run" / "checkpoints" / "best.ckpt"
    with overriding(application, "trainer.epoch_log", providers.Factory(Failing, error)):
        with pytest.raises(type(error)):
            application.multi_feature.training_run()()
        with pytest.raises(
            UserError, match=rf"multi-feature: the training in \S*/run {said}; from_checkpoint\('{best}'\)"
        ):
            application.multi_feature.predictor()

    assert from_checkpoint(best).multi_feature.predictor()


@pytest.mark.slow
def test_what_is_said_after_a_failure_of_a_family_of_ones_own_can_be_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = {"max_epochs": 2, "accelerator": "cpu", "use_progress_bar": False}
    settings = {"run_dir": str(tmp_path / "run"), "trainer": trainer}
    application: Any = bootstrap(settings, family=pictures)
    monkeypatch.setattr(Classifier, "on_train_epoch_start", lambda self: 1 / (1 - self.current_epoch))
    with pytest.raises(ZeroDivisionError):
        application.train()
    monkeypatch.undo()
    with pytest.raises(UserError) as said:
        application.pictures.predictor()
    opened, run = (eval(call) for call in re.findall(r"\w+\('[^']+', family=\w+\)", str(said.value)))

    assert family_container(opened).evaluator()().scores
    assert run().best_checkpoint.is_file()


def test_a_failure_before_the_first_checkpoint_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = _small("multi-feature", tmp_path / "run", monkeypatch)
    monkeypatch.setattr(LightningModule, "on_fit_start", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        application.train()
    with pytest.raises(UserError, match=r"failed \(ZeroDivisionError: .*\) and left no checkpoint"):
        application.multi_feature.evaluator()


def test_the_model_of_the_training_before_a_failed_one_stays_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    application = _small("multi-feature", tmp_path / "run", monkeypatch)
    first = application.train()
    application.trainer.run_folder.override(providers.Object(RunFolder(tmp_path / "other")))
    monkeypatch.setattr(LightningModule, "on_fit_start", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        application.train()

    assert application.multi_feature.predictor().model is first.predictor.model
    assert f"left no checkpoint; the model is that of {first.best_checkpoint}" in caplog.text


@pytest.mark.slow
def test_two_threads_train_in_containers_of_their_own_and_not_in_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = [_small("multi-feature", tmp_path / str(seed), monkeypatch, {"seed": seed}) for seed in range(2)]
    with ThreadPoolExecutor() as threads:
        results = [*threads.map(lambda application: application.train(), own)]
    for application, result in zip(own, results, strict=True):
        opened = from_checkpoint(result.best_checkpoint).multi_feature
        torch.testing.assert_close(
            _weights(application.multi_feature.model()), _weights(opened.model()), rtol=0, atol=0
        )

    shared = _small("multi-feature", tmp_path / "run", monkeypatch)
    run, running = (
        shared.multi_feature.training_run(),
        shared.trainer.last_training().watching(RunFolder(tmp_path)),
    )
    with running, pytest.raises(UserError, match="another thread trains in this container: two threads"):
        run()


def test_results_are_tables_in_a_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    application = _small("multi-feature", tmp_path / "run", monkeypatch)
    result = application.train()
    report = application.multi_feature.evaluator()()

    assert "<th>accuracy</th>" in result._repr_html_()
    assert report._repr_html_().count("<table>") == 2
    assert "predictor" not in repr(pickle.loads(pickle.dumps(result)))


def test_an_override_is_built_anew_and_gives_way_to_the_trained_model_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = _small("multi-feature", tmp_path / "run", monkeypatch)
    application.multi_feature.training_run()()
    trained = application.multi_feature.model()
    with overriding(application, "multi_feature.head", nn.LazyLinear(3)):
        assert isinstance(application.multi_feature.model().head, nn.Linear)
    assert application.multi_feature.model() is trained


@pytest.mark.slow
def test_a_model_trained_with_an_override_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    application = _small("multi-feature", tmp_path / "run", monkeypatch)
    head = {"multi_feature.head": nn.LazyLinear(3)}
    with overriding(application, head):
        result = application.train()
        assert application.multi_feature.model() is result.predictor.model
    opened = from_checkpoint(result.best_checkpoint, overrides=head).multi_feature
    answers = predictions_of("multi-feature", opened.predictor())

    assert predictions_of("multi-feature", result.predictor) == answers
    assert predictions_of("multi-feature", application.multi_feature.predictor()) == answers


@pytest.mark.slow
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
