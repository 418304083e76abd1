"""A training that was interrupted goes on to the end of one that never was, whichever its family is."""

import json
import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from pytorch_lightning import Callback, LightningModule, Trainer

from nested_lightning import resume_training
from nested_lightning.app.errors import UserError
from nested_lightning.app.training.runs.interruption import TrainingInterruptedError
from nested_lightning.app.training.runs.run_folder import RunFolder
from nested_lightning.settings.reading.merging import merge
from tests.app.image_to_text.captioned_folder import write_folder
from tests.containers.shared_trainings import (
    SAVING,
    SharedTrainings,
    assert_same_training,
    interrupt,
    new_run,
)
from tests.tiny_variants import variant_settings

pytestmark = pytest.mark.slow


@pytest.fixture(params=["multi-feature", "image-to-text", "vae-gan", "variant"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """Settings of each family that train several epochs of several batches."""
    makers: dict[str, Callable[[], dict[str, Any]]] = {
        "multi-feature": lambda: dict(request.getfixturevalue("small_settings")),
        "image-to-text": lambda: _image_to_text(tmp_path),
        "vae-gan": lambda: merge(
            request.getfixturevalue("picture_settings"),
            {
                "trainer": {"val_every_n_epochs": 1},
                "vae_gan": {"vae": {"schedule": {"kind": "one_cycle"}}, "discriminator": {"dropout": 0.2}},
            },
        ),
        "variant": lambda: merge(
            variant_settings(tmp_path / "data", tmp_path / "run"),
            {"variant": {"data": {"sampling": {"kind": "temperature"}}, "decoder": {"dropout": 0.3}}},
        ),
    }
    return merge(makers[request.param](), SAVING)


def _image_to_text(tmp_path: Path) -> dict[str, Any]:
    return {
        "model": "image-to-text",
        "trainer": {"max_epochs": 2, "accelerator": "cpu", "use_progress_bar": False},
        "image_to_text": {
            "data": {
                "path": str(write_folder(tmp_path / "shapes")),
                "picture_size": 16,
                "batch_size": 4,
                "split": {"kind": "random", "val_fraction": 0.2},
            },
            "image_encoder": {"stem_channels": 8, "channels": [8]},
            "bridge": {"out_features": 8},
            "text_decoder": {"embedding_dim": 6, "hidden_features": 8},
        },
    }


@pytest.mark.parametrize("step", [1, 2, 3, 5])
def test_a_training_stopped_at_any_step_goes_on_exactly(
    multi_feature: dict[str, Any], shared_trainings: SharedTrainings, tmp_path: Path, step: int
) -> None:
    settings = merge(multi_feature, {"multi_feature": {"modality_dropout": 0.3}})
    interrupt(new_run(settings, tmp_path / "stopped"), step, signal.SIGTERM)

    resume_training(tmp_path / "stopped")()

    assert_same_training(tmp_path / "stopped", shared_trainings.undisturbed(settings))


def test_a_training_stopped_in_mid_epoch_goes_on_exactly(settings: dict[str, Any], tmp_path: Path) -> None:
    new_run(settings, tmp_path / "undisturbed")()
    stopped = interrupt(new_run(settings, tmp_path / "stopped"), 3, signal.SIGTERM)
    assert stopped.exit_status == 143

    resume_training(tmp_path / "stopped")()

    assert_same_training(tmp_path / "stopped", tmp_path / "undisturbed")


def test_a_training_stopped_between_validations_of_an_epoch_goes_on_exactly(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    often = merge(settings, {"trainer": {"val_check_interval": 1, "val_every_n_epochs": 1}})
    new_run(often, tmp_path / "undisturbed")()
    interrupt(new_run(often, tmp_path / "stopped"), 3, signal.SIGTERM)

    resume_training(tmp_path / "stopped")()

    assert_same_training(tmp_path / "stopped", tmp_path / "undisturbed")


def test_a_training_from_the_disk_goes_on_as_one_in_memory_does(
    multi_feature: dict[str, Any], shared_trainings: SharedTrainings, tmp_path: Path
) -> None:
    on_disk = merge(multi_feature, {"multi_feature": {"data": {"storage": {"kind": "disk"}}}})
    interrupt(new_run(on_disk, tmp_path / "stopped"), 3, signal.SIGTERM)

    resume_training(tmp_path / "stopped")()

    assert_same_training(tmp_path / "stopped", shared_trainings.undisturbed(multi_feature))


def test_a_moved_run_folder_keeps_its_best_checkpoint(
    multi_feature: dict[str, Any], shared_trainings: SharedTrainings, tmp_path: Path
) -> None:
    interrupt(new_run(multi_feature, tmp_path / "stopped"), 4, signal.SIGINT)
    (tmp_path / "stopped").rename(tmp_path / "moved")

    resume_training(tmp_path / "moved")()

    assert_same_training(tmp_path / "moved", shared_trainings.undisturbed(multi_feature))
    assert not (tmp_path / "stopped").exists()


def test_without_a_checkpoint_the_training_begins_anew(
    multi_feature: dict[str, Any], shared_trainings: SharedTrainings, tmp_path: Path
) -> None:
    interrupt(new_run(multi_feature, tmp_path / "stopped"), 5, signal.SIGINT)
    shutil.rmtree(tmp_path / "stopped" / "checkpoints")

    resume_training(tmp_path / "stopped")()

    assert_same_training(tmp_path / "stopped", shared_trainings.undisturbed(multi_feature))


def test_a_finished_training_is_evaluated_again(
    multi_feature: dict[str, Any], shared_trainings: SharedTrainings, tmp_path: Path
) -> None:
    run = shared_trainings.copy(multi_feature, tmp_path / "run")
    before = run.metrics_file.read_text()

    again = resume_training(tmp_path / "run")()

    assert again.test_metrics == json.loads(run.results_file.read_text())["test"]
    assert (tmp_path / "run" / "metrics.csv").read_text() == before


def test_a_longer_training_may_be_asked_for_afterwards(
    multi_feature: dict[str, Any], shared_trainings: SharedTrainings, tmp_path: Path
) -> None:
    run = shared_trainings.copy(multi_feature, tmp_path / "run")
    num_steps = json.loads(run.results_file.read_text())["num_steps"]
    file = tmp_path / "run" / "settings.yaml"
    file.write_text(yaml.safe_dump(merge(yaml.safe_load(file.read_text()), {"trainer": {"max_epochs": 4}})))

    assert resume_training(tmp_path / "run")().num_steps == num_steps * 4 // 3
    epochs = re.findall(r"epoch (\d+)  step \d+  (\w*)", (tmp_path / "run" / "train.log").read_text())
    assert [number for number, _ in epochs] == ["1", "2", "3", "4"]
    assert all(metric for _, metric in epochs)


@pytest.mark.parametrize("step", [2, 3])
def test_a_training_with_a_limit_of_steps_that_is_far_goes_on_exactly(
    multi_feature: dict[str, Any], shared_trainings: SharedTrainings, tmp_path: Path, step: int
) -> None:
    settings = merge(multi_feature, {"trainer": {"max_steps": 1_000}})
    interrupt(new_run(settings, tmp_path / "stopped"), step, signal.SIGTERM)

    resume_training(tmp_path / "stopped")()

    assert_same_training(tmp_path / "stopped", shared_trainings.undisturbed(settings))
    assert resume_training(tmp_path / "stopped", {"trainer": {"max_epochs": 6}})().num_steps == 18


def test_a_damaged_last_checkpoint_gives_way_to_the_best(
    multi_feature: dict[str, Any], shared_trainings: SharedTrainings, tmp_path: Path
) -> None:
    interrupt(new_run(multi_feature, tmp_path / "run"), 8, signal.SIGINT)
    last = RunFolder(tmp_path / "run").last_checkpoint
    last.write_bytes(last.read_bytes()[:-200])

    run = resume_training(tmp_path / "run")
    result = run()

    assert result.num_steps == 9
    undisturbed = RunFolder(shared_trainings.undisturbed(multi_feature))
    metrics = [folder.metrics_file.read_text() for folder in (RunFolder(tmp_path / "run"), undisturbed)]
    assert metrics[0] == metrics[1]
    torch.testing.assert_close(
        torch.load(last, weights_only=True)["state_dict"],
        torch.load(undisturbed.last_checkpoint, weights_only=True)["state_dict"],
        rtol=0,
        atol=0,
    )

    for file in (last, RunFolder(tmp_path / "run").best_checkpoint):
        file.write_bytes(b"")
    with pytest.raises(UserError, match="is empty"):
        resume_training(tmp_path / "run")


def test_changed_settings_are_refused(
    multi_feature: dict[str, Any], shared_trainings: SharedTrainings, tmp_path: Path
) -> None:
    shared_trainings.copy(multi_feature, tmp_path / "run", stopped_at=2)
    file = tmp_path / "run" / "settings.yaml"
    file.write_text(file.read_text().replace("modality_dropout: 0.0", "modality_dropout: 0.2"))

    with pytest.raises(UserError, match=r"multi_feature\.modality_dropout changed"):
        resume_training(tmp_path / "run")


def test_a_folder_without_a_training_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        resume_training(tmp_path / "absent")
    with pytest.raises(UserError, match=r"it holds no settings\.yaml"):
        resume_training(tmp_path)


def test_another_number_of_processes_shares_the_same_batch(
    multi_feature: dict[str, Any], tmp_path: Path
) -> None:
    interrupt(new_run(multi_feature, tmp_path / "run"), 6, signal.SIGTERM)
    last = RunFolder(tmp_path / "run").last_checkpoint
    content = torch.load(last, weights_only=True)
    content["callbacks"]["RandomState"]["ranks"] *= 3  # as if three processes had trained
    torch.save(content, last)

    run = resume_training(tmp_path / "run")

    run.datamodule.setup("fit")
    assert run.datamodule.train_dataloader().batch_size == 48
    run()


def test_a_folder_in_which_another_process_trains_is_left_alone(
    multi_feature: dict[str, Any], shared_trainings: SharedTrainings, tmp_path: Path
) -> None:
    run = shared_trainings.copy(multi_feature, tmp_path / "run", stopped_at=2)
    with run.locked(), pytest.raises(UserError, match="another process is training"):
        resume_training(tmp_path / "run")()


@pytest.fixture
def default_interrupts() -> Iterator[None]:
    """Ctrl-C as Python has it: a shell starts programs in the background with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("default_interrupts")
def test_a_second_signal_stops_at_once(multi_feature: dict[str, Any], tmp_path: Path) -> None:
    run = new_run(multi_feature, tmp_path / "run")
    began_at_s = time.monotonic()

    class Stuck(Callback):
        def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
            threading.Timer(0.05, os.kill, [os.getpid(), signal.SIGINT]).start()
            threading.Timer(0.15, os.kill, [os.getpid(), signal.SIGINT]).start()
            time.sleep(60)

    run.trainer.callbacks.insert(0, Stuck())  # type: ignore[attr-defined]
    with pytest.raises(TrainingInterruptedError) as stopped:
        run()

    assert stopped.value.exit_status == 130
    assert time.monotonic() - began_at_s < 30
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_signal_in_the_evaluation_leaves_a_finished_training(
    multi_feature: dict[str, Any], shared_trainings: SharedTrainings, tmp_path: Path
) -> None:
    class DuringTest(Callback):
        def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
            signal.raise_signal(signal.SIGTERM)

    run = new_run(multi_feature, tmp_path / "run")
    run.trainer.callbacks.insert(0, DuringTest())  # type: ignore[attr-defined]
    with pytest.raises(TrainingInterruptedError):
        run()
    assert not (tmp_path / "run" / "results.json").exists()

    resume_training(tmp_path / "run")()

    assert_same_training(tmp_path / "run", shared_trainings.undisturbed(multi_feature))
