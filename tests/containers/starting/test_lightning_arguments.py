"""Arguments of Lightning's Trainer as settings: what each does, and that a training goes on exactly."""

import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from nested_lightning import UserError, resume_training
from nested_lightning.app.training.runs.run import TrainingRun
from nested_lightning.app.training.runs.time_limit import TimeLimit
from nested_lightning.settings.reading.merging import merge
from tests.containers.shared_trainings import (
    SAVING,
    assert_same_checkpoints,
    assert_same_training,
    interrupt,
    new_run,
)
from tests.quick_first import quick_first


@pytest.fixture
def settings(small_settings: dict[str, Any]) -> dict[str, Any]:
    """Three epochs of seven batches, saved after each step."""
    return merge(small_settings, merge(SAVING, {"multi_feature": {"data": {"batch_size": 8}}}))


def run_with(settings: dict[str, Any], path: Path, **trainer: Any) -> TrainingRun:
    return new_run(merge(settings, {"trainer": trainer}), path)


class Batches(Callback):
    """Notes the sum of each batch of training, and the step of each validation batch."""

    def __init__(self) -> None:
        self.trained: list[float] = []
        self.validated: list[int] = []

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, _: int) -> None:
        self.trained.append(sum(float(group.sum()) for group in batch.features.values()))

    def on_validation_batch_start(self, trainer: Trainer, pl_module: LightningModule, *args: Any) -> None:
        self.validated.append(trainer.global_step)


def batches_of(settings: dict[str, Any], path: Path, **trainer: Any) -> Batches:
    run, batches = run_with(settings, path, **trainer), Batches()
    run.trainer.callbacks.insert(0, batches)  # type: ignore[attr-defined]
    run()
    return batches


@pytest.mark.slow
@pytest.mark.parametrize(
    "trainer",
    [
        {"limit_train_batches": 0.7, "limit_val_batches": 1},
        {"val_check_interval": 1},
        {"val_check_interval": 0.5},
        {"val_check_interval": 3, "val_every_n_epochs": None},
        {"val_check_interval": 2, "accumulate_grad_batches": 3},
        {"is_deterministic": "warn"},
    ],
    ids=str,
)
def test_a_training_goes_on_exactly_with_an_argument(
    settings: dict[str, Any], tmp_path: Path, trainer: dict[str, Any]
) -> None:
    run_with(settings, tmp_path / "undisturbed", **trainer)()
    later = 3 if trainer.get("accumulate_grad_batches") else 4  # of three steps in an epoch
    interrupt(run_with(settings, tmp_path / "stopped", **trainer), 2, signal.SIGTERM)
    interrupt(resume_training(tmp_path / "stopped"), later, signal.SIGTERM)

    resume_training(tmp_path / "stopped")()

    assert_same_training(tmp_path / "stopped", tmp_path / "undisturbed")


@pytest.mark.slow
def test_a_training_without_validation_and_test_goes_on_exactly(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    without = {"limit_val_batches": 0, "limit_test_batches": 0}
    wanted = run_with(settings, tmp_path / "undisturbed", **without)()
    interrupt(run_with(settings, tmp_path / "stopped", **without), 9, signal.SIGTERM)

    found = resume_training(tmp_path / "stopped")()

    assert (found.test_metrics, found.validation_metrics) == ({}, {})
    states = [torch.load(each.best_checkpoint, weights_only=True)["state_dict"] for each in (found, wanted)]
    torch.testing.assert_close(*states, rtol=0, atol=0)


def test_overfitting_gives_the_same_batches_in_each_epoch(settings: dict[str, Any], tmp_path: Path) -> None:
    batches = batches_of(settings, tmp_path / "run", overfit_batches=2).trained

    assert batches[:2] == batches[2:4] == batches[4:]
    assert batches[0] != batches[1]


@pytest.mark.slow
def test_loaders_made_anew_go_on_with_the_order_of_the_epoch(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    anew = batches_of(settings, tmp_path / "anew", reload_dataloaders_every_n_epochs=1)

    assert anew.trained == batches_of(settings, tmp_path / "once").trained


def test_a_validation_in_mid_epoch_chooses_the_best_checkpoint(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    batches = batches_of(settings, tmp_path / "run", val_check_interval=3, max_epochs=1)

    assert sorted(set(batches.validated)) == [3, 6, 7]


@pytest.mark.slow
def test_a_training_whose_time_is_over_has_results_and_goes_on_exactly(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_with(settings, tmp_path / "undisturbed")()
    for step in (3, 7, 10):
        folder = tmp_path / f"stopped-{step}"
        run = run_with(settings, folder, max_time="00:00:01:00")
        with monkeypatch.context() as patch:
            patch.setattr(TimeLimit, "_is_over", lambda *_: run.trainer.global_step >= step)  # noqa: B023
            assert run().num_steps == step
        resume_training(folder)()

        assert_same_checkpoints(folder, tmp_path / "undisturbed")


def test_a_trial_of_each_loop_keeps_nothing(
    settings: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = run_with(settings, tmp_path / "run", fast_dev_run=2)

    result = run()

    assert result.num_steps == 2
    assert result.test_metrics.keys() >= {"test_loss"}
    assert sorted(file.name for file in (tmp_path / "run").iterdir()) == [
        ".lock",
        "settings.yaml",
        "train.log",
    ]
    assert "there is no checkpoint" in caplog.text
    with pytest.raises(UserError, match="of a trial, fast_dev_run, nothing is kept"):
        _ = result.predictor


def test_validations_after_more_batches_than_an_epoch_has_are_refused(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=r"trainer\.val_check_interval: an epoch has fewer"):
        run_with(settings, tmp_path / "run", val_check_interval=100)()


@pytest.mark.parametrize("profiler", quick_first(["simple", "advanced", "pytorch"]))
def test_a_profiler_writes_to_the_run_folder(settings: dict[str, Any], tmp_path: Path, profiler: str) -> None:
    run_with(settings, tmp_path / "run", profiler=profiler, max_epochs=1)()

    assert "train" in (tmp_path / "run" / "fit-profile.txt").read_text()


@pytest.mark.parametrize("strategy", ["fsdp", "fsdp_cpu_offload", "deepspeed_stage_2", "model_parallel"])
def test_a_strategy_that_splits_submodules_is_refused_in_words(
    settings: dict[str, Any], tmp_path: Path, strategy: str
) -> None:
    with pytest.raises(UserError, match=f"trainer.strategy = {strategy}: it splits"):
        run_with(settings, tmp_path / "run", strategy=strategy)


def test_several_machines_that_nothing_brings_together_are_refused_in_words(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match=r"trainer\.num_nodes = 2: nothing says where .* torchrun or srun"):
        run_with(settings, tmp_path / "run", num_nodes=2)
    monkeypatch.setenv("MASTER_ADDR", "10.0.0.1")
    assert run_with(settings, tmp_path / "named", num_nodes=2, devices=1).trainer.world_size == 2


def test_a_plugin_is_chosen_by_its_name(settings: dict[str, Any], tmp_path: Path) -> None:
    run = run_with(settings, tmp_path / "run", plugins=["LightningEnvironment"], strategy="ddp", devices=1)

    assert type(run.trainer.strategy.cluster_environment).__name__ == "LightningEnvironment"  # type: ignore[attr-defined]


def test_the_bounds_of_single_values_hold(settings: dict[str, Any], tmp_path: Path) -> None:
    largest: list[float] = []

    class Gradients(Callback):
        def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *args: Any) -> None:
            largest.append(
                max(float(one.grad.abs().max()) for one in pl_module.parameters() if one.grad is not None)
            )

    run = run_with(
        settings, tmp_path / "run", gradient_clip_val=1e-4, gradient_clip_algorithm="value", max_epochs=1
    )
    run.trainer.callbacks.insert(0, Gradients())  # type: ignore[attr-defined]
    run()

    assert max(largest) == pytest.approx(1e-4)
