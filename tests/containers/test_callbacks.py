"""Callbacks by settings and by overrides, Lightning's and one's own, fresh and where a training goes on."""

from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import EarlyStopping

from nested_lightning import UserError, family_container, from_checkpoint, resume_training
from nested_lightning.app.assembly.errors import OverrideRefusedError
from nested_lightning.app.checkpoints.checkpoint_io import read_checkpoint
from nested_lightning.containers.overrides.restoring import OverrideNeededError
from nested_lightning.settings.choices.callbacks import CALLBACKS
from tests.campaign.lightning_things import CALLBACK_OPTIONS, TIMED
from tests.containers.five_families import FIVE, going_on, new_training, stopped_and_resumed
from tests.containers.shared_trainings import assert_same_training
from tests.quick_first import quick_first

INEXACT = {"model_pruning"}
SEVERAL_OPTIMISERS = {"stochastic_weight_averaging", "gradient_accumulation_scheduler"}
"""Not for vae-gan."""
AVERAGES = ("weight_averaging", "stochastic_weight_averaging", "ema_weight_averaging")


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _trainer(name: str, *kinds: str) -> dict[str, Any]:
    callbacks = {kind: {"kind": kind, **CALLBACK_OPTIONS.get(kind, {})} for kind in kinds}
    for one in callbacks.values():
        if name == "vae-gan" and "monitor" in one:
            one["monitor"] = "val_frechet_distance"
    return {"callbacks": callbacks}


class Seen(Callback):
    """Notes what it sees at the ends of epochs."""

    def __init__(self, *, depth: int = 1) -> None:
        self.depth = depth
        self.losses: list[float] = []

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.losses.append(float(trainer.callback_metrics["train_loss"]))


@pytest.mark.parametrize("name", quick_first(FIVE))
def test_a_callback_sees_the_training_loss_of_the_epoch_that_ends(name: str, tmp_path: Path) -> None:
    run = new_training(name, tmp_path / "run", {}, {"trainer.callbacks.mine": Seen})
    result = run()
    (seen,) = [one for one in run.trainer.callbacks if isinstance(one, Seen)]  # type: ignore[attr-defined]
    lines = result.run_folder.metrics_file.read_text().splitlines()
    columns = lines[0].split(",")
    logged = [dict(zip(columns, line.split(","), strict=True)).get("train_loss") for line in lines[1:]]

    assert seen.losses == pytest.approx([float(loss) for loss in logged if loss])
    assert run.run_folder.last_checkpoint.is_file()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["one-file", "vae-gan"])
def test_all_callbacks_together_go_on(name: str, tmp_path: Path) -> None:
    left_out = {*AVERAGES, *INEXACT, *TIMED} | (SEVERAL_OPTIMISERS if name == "vae-gan" else set())
    trainer = _trainer(name, *sorted({*CALLBACKS.choices} - left_out))
    new_training(name, tmp_path / "whole", trainer)()
    stopped_and_resumed(name, tmp_path / "rest", trainer)()

    assert_same_training(tmp_path / "rest", tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("multi-feature", kind) for kind in AVERAGES),
        *((name, kind) for name in ("vae-gan", "one-file") for kind in AVERAGES[1:]),
    ],
)
def test_averaged_weights_are_those_of_the_checkpoint_and_of_predictions(
    name: str, kind: str, tmp_path: Path
) -> None:
    if name == "vae-gan" and kind in SEVERAL_OPTIMISERS:
        with pytest.raises(UserError, match="works with one optimiser, and here are 3"):
            new_training(name, tmp_path / "whole", _trainer(name, kind))()
        return
    run = new_training(name, tmp_path / "whole", _trainer(name, kind))
    result = run()
    stopped_and_resumed(name, tmp_path / "rest", _trainer(name, kind))()
    best, last = read_checkpoint(result.best_checkpoint), read_checkpoint(run.run_folder.last_checkpoint)

    assert_same_training(tmp_path / "rest", tmp_path / "whole")
    torch.testing.assert_close(dict(run.model.state_dict()), dict(best["state_dict"]), rtol=0, atol=0)
    assert any((one != last["current_model_state"][path]).any() for path, one in last["state_dict"].items())
    rest = read_checkpoint(tmp_path / "rest" / "checkpoints" / "last.ckpt")
    torch.testing.assert_close(rest["current_model_state"], last["current_model_state"], rtol=0, atol=0)


@pytest.mark.slow
def test_a_longer_training_goes_on_from_the_weights_and_not_from_their_average(tmp_path: Path) -> None:
    whole = new_training(
        "one-file", tmp_path / "whole", {**_trainer("one-file", "weight_averaging"), "max_epochs": 4}
    )
    whole()
    new_training("one-file", tmp_path / "rest", _trainer("one-file", "weight_averaging"))()
    going_on(tmp_path / "rest", {"trainer": {"max_epochs": 4}})()

    assert_same_training(tmp_path / "rest", tmp_path / "whole")


@pytest.mark.slow
def test_an_override_is_added_and_only_a_training_that_goes_on_needs_it_again(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    overrides = {
        "trainer.callbacks.mine": Seen,
        "trainer.callbacks.late": EarlyStopping("val_loss", patience=1),
    }
    result = new_training("multi-feature", folder, {"max_epochs": 1}, overrides)()

    assert family_container(from_checkpoint(result.best_checkpoint)).evaluator()().scores
    with pytest.raises(OverrideNeededError, match=r"trainer\.callbacks\.mine=.*:Seen"):
        resume_training(folder)
    resume_training(folder, {"trainer": {"max_epochs": 2}}, overrides=overrides)()


def test_all_callbacks_at_once_can_not_be_overridden(tmp_path: Path) -> None:
    with pytest.raises(OverrideRefusedError, match=r"trainer\.callbacks"):
        new_training("multi-feature", tmp_path / "run", {}, {"trainer.callbacks": Seen})


def test_two_averages_of_weights_are_refused(tmp_path: Path) -> None:
    averages = _trainer("multi-feature", "weight_averaging", "ema_weight_averaging")
    with pytest.raises(UserError, match="keep one of them"):
        new_training("multi-feature", tmp_path / "run", averages)
