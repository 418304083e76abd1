"""Run folders from elsewhere, damaged ones and ended ones: nothing is lost, and nothing else is touched."""

import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from nested_lightning import resume_training
from nested_lightning.app.errors import UserError
from nested_lightning.app.training.runs.run_folder import RunFolder
from nested_lightning.settings.reading.merging import merge
from tests.containers.shared_trainings import (
    SharedTrainings,
    assert_same_training,
    interrupt,
    new_run,
)

pytestmark = pytest.mark.slow

ADDING_STATE: dict[str, dict[str, Any]] = {
    "patience": {"trainer": {"early_stopping_patience": 2, "max_epochs": 4}},
    "newest": {"trainer": {"best_checkpoint": "newest"}},
    "rare validation": {"trainer": {"val_every_n_epochs": 2, "max_epochs": 4, "early_stopping_patience": 1}},
    "accumulation": {"trainer": {"accumulate_grad_batches": 2, "gradient_clip_norm": 0.5, "max_epochs": 5}},
    "steps": {"trainer": {"max_steps": 8}},
    "schedule": {"multi_feature": {"schedule": {"kind": "one_cycle"}, "modality_dropout": 0.3}},
    "bfloat16": {"trainer": {"precision": "bf16-true"}},
    "policies": {"submodules": {"multi_feature.head": {"freeze": True, "unfreeze_at_epoch": 1}}},
}


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return {str(file.relative_to(folder)): (file.read_bytes(), file.stat().st_mtime_ns) for file in files}


def change(path: Path, changed: Callable[[dict[str, Any]], None]) -> None:
    content = torch.load(path, weights_only=True)
    changed(content)
    torch.save(content, path)


@pytest.mark.parametrize("more", ADDING_STATE.values(), ids=ADDING_STATE)
def test_a_last_checkpoint_cut_in_half_gives_way_whatever_adds_state(
    multi_feature: dict[str, Any], tmp_path: Path, more: dict[str, Any]
) -> None:
    wanted = merge(multi_feature, more)
    new_run(wanted, tmp_path / "undisturbed")()
    interrupt(new_run(wanted, tmp_path / "run"), 7, signal.SIGTERM)
    last = RunFolder(tmp_path / "run").last_checkpoint
    last.write_bytes(last.read_bytes()[: last.stat().st_size // 2])

    resume_training(tmp_path / "run")()

    assert_same_training(tmp_path / "run", tmp_path / "undisturbed")


class FinalWriteCutOff(Callback):
    """Keeps last.ckpt as it is before the final write, and half of that write, as a kill would."""

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        last = RunFolder(Path(trainer.default_root_dir)).last_checkpoint
        shutil.copy(last, last.parent.parent.parent / "before.ckpt")


@pytest.mark.parametrize("more", [{}, {"early_stopping_patience": 1, "max_epochs": 9, "monitor_mode": "max"}])
def test_a_kill_in_the_final_write_leaves_the_counters_of_an_undisturbed_training(
    multi_feature: dict[str, Any], tmp_path: Path, more: dict[str, Any]
) -> None:
    run = new_run(merge(multi_feature, {"trainer": more}), tmp_path / "run")
    run.trainer.callbacks.insert(0, FinalWriteCutOff())  # type: ignore[attr-defined]
    run()
    folder = RunFolder(tmp_path / "run")
    wanted = torch.load(folder.last_checkpoint, weights_only=True)
    shutil.copy(tmp_path / "before.ckpt", folder.last_checkpoint)
    folder.results_file.unlink()
    leftover = folder.checkpoints / ".last.ckpt.tmp"
    leftover.write_bytes(b"half of it")
    assert torch.load(folder.last_checkpoint, weights_only=True)["epoch"] == wanted["epoch"] - 1

    resume_training(tmp_path / "run")()

    assert not leftover.exists()
    found = torch.load(folder.last_checkpoint, weights_only=True)
    assert found["epoch"] == wanted["epoch"]
    assert found["loops"]["fit_loop"]["epoch_progress"] == wanted["loops"]["fit_loop"]["epoch_progress"]
    random_states = [content["callbacks"].pop("RandomState") for content in (found, wanted)]
    torch.testing.assert_close(*random_states, rtol=0, atol=0)
    assert found["callbacks"] == wanted["callbacks"]
    for key in ("optimizer_states", "state_dict"):
        torch.testing.assert_close(found[key], wanted[key], rtol=0, atol=0)


def test_a_finished_training_without_last_checkpoint_goes_on_from_the_best(
    multi_feature: dict[str, Any],
    shared_trainings: SharedTrainings,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    shared_trainings.copy(multi_feature, tmp_path / "run").last_checkpoint.unlink()

    resume_training(tmp_path / "run")()

    assert "goes on from best.ckpt" in caplog.text
    assert_same_training(tmp_path / "run", shared_trainings.undisturbed(multi_feature))

    shutil.rmtree(tmp_path / "run" / "checkpoints")
    with pytest.raises(UserError, match="its training has ended, and its checkpoints are gone"):
        resume_training(tmp_path / "run")()


PATIENCE = {"early_stopping_patience": 1, "max_epochs": 12, "monitor": "val_loss", "monitor_mode": "max"}


def test_an_ended_training_resumed_unchanged_writes_nothing_and_says_so(
    multi_feature: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name, trainer in (("stopped", PATIENCE), ("done", {})):
        first = new_run(merge(multi_feature, {"trainer": trainer}), tmp_path / name)()
        before = contents(tmp_path / name)
        again = resume_training(tmp_path / name)()
        assert (again.num_steps, again.test_metrics) == (first.num_steps, first.test_metrics)
        assert contents(tmp_path / name) == before
    assert "trainer.early_stopping_patience = 1 had run out), so nothing was written" in caplog.text
    assert "trainer.max_epochs = 3 are done), so nothing was written" in caplog.text


def test_a_setting_beats_the_state_of_the_checkpoint(multi_feature: dict[str, Any], tmp_path: Path) -> None:
    new_run(merge(multi_feature, {"trainer": PATIENCE}), tmp_path / "run")()
    new_run(
        merge(multi_feature, {"trainer": PATIENCE | {"early_stopping_patience": 6}}), tmp_path / "patient"
    )()

    resume_training(tmp_path / "run", {"trainer": {"early_stopping_patience": 6}})()

    assert_same_training(tmp_path / "run", tmp_path / "patient")


@pytest.mark.parametrize("way", ["{0}/../../victim", "{0}/link", "/{1}/victim", "victim"])
def test_paths_in_a_checkpoint_are_never_followed(
    multi_feature: dict[str, Any], shared_trainings: SharedTrainings, tmp_path: Path, way: str
) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "file").write_text("mine")
    folder = shared_trainings.copy(multi_feature, tmp_path / "run")
    (folder.checkpoints / "link").symlink_to(victim)
    named = way.format(folder.checkpoints, tmp_path)

    def name_victim(content: dict[str, Any]) -> None:
        key = next(name for name in content["callbacks"] if name.startswith("BestCheckpoint"))
        content["callbacks"][key] |= {
            "best_model_path": named,
            "kth_best_model_path": named,
            "last_model_path": named,
            "best_k_models": {named: torch.tensor(1e9)},
            "best_model_score": torch.tensor(1e9),
            "kth_value": torch.tensor(1e9),
        }

    change(folder.last_checkpoint, name_victim)
    resume_training(tmp_path / "run", {"trainer.max_epochs": 4})()

    assert (victim / "file").read_text() == "mine"
    assert folder.best_checkpoint.is_file()
    state = torch.load(folder.last_checkpoint, weights_only=True)["callbacks"]
    best = next(each for name, each in state.items() if name.startswith("BestCheckpoint"))
    assert {best["best_model_path"], *best["best_k_models"]} == {str(folder.best_checkpoint)}


@pytest.mark.parametrize(
    "name", ["checkpoints", "train.log", "metrics.csv", ".lock", "checkpoints/last.ckpt"]
)
def test_a_run_folder_with_links_out_of_it_is_refused(
    multi_feature: dict[str, Any], shared_trainings: SharedTrainings, tmp_path: Path, name: str
) -> None:
    shared_trainings.copy(multi_feature, tmp_path / "run", stopped_at=2)
    (tmp_path / "run" / name).rename(tmp_path / "victim")
    (tmp_path / "run" / name).symlink_to(tmp_path / "victim")

    with pytest.raises(UserError, match=f"{name} is a link or no file of its own"):
        resume_training(tmp_path / "run")


WRONG: dict[str, Callable[[dict[str, Any]], Any]] = {
    "callbacks": lambda content: content.update(callbacks=[1]),
    "a callback": lambda content: content["callbacks"].update(dict.fromkeys(content["callbacks"], "text")),
    "epoch": lambda content: content.update(epoch="three"),
    "versions": lambda content: content.update({"pytorch-lightning_version": 5}),
    "loops": lambda content: content["loops"].update(fit_loop={"state_dict": 3}),
    "optimizer": lambda content: content.update(optimizer_states=[{"state": 1}]),
    "optimizer's numbers": lambda content: content["optimizer_states"][0]["param_groups"][0].update(
        lr="fast"
    ),
    "optimizer's memory": lambda content: content["optimizer_states"][0]["state"][0].update(exp_avg=[1]),
    "schedule": lambda content: content.update(lr_schedulers=[5]),
    "schedule's count": lambda content: content["lr_schedulers"][0].update(_step_count={}),
    "schedule's rates": lambda content: content["lr_schedulers"][0].update(base_lrs=[None]),
    "random state": lambda content: content["callbacks"]["RandomState"]["ranks"].__setitem__(0, {"torch": 1}),
    "recipe": lambda content: content.update(nested_lightning="[1, 2]"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_field_of_a_wrong_type_is_the_fault_of_the_named_file(
    multi_feature: dict[str, Any],
    shared_trainings: SharedTrainings,
    tmp_path: Path,
    wrong: Callable[[dict[str, Any]], Any],
) -> None:
    scheduled = merge(multi_feature, {"multi_feature": {"schedule": {"kind": "cosine"}}})
    run = shared_trainings.copy(scheduled, tmp_path / "run", stopped_at=2)
    run.best_checkpoint.unlink()  # else it is what the training goes on from
    change(run.last_checkpoint, wrong)

    with pytest.raises(UserError, match=r"last\.ckpt") as refusal:
        resume_training(tmp_path / "run")()
    assert "\n" not in str(refusal.value)
