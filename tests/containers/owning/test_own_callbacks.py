"""Callbacks that a stranger's module brings: beside the project's own, in the same run folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytorch_lightning import Callback
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint

from nested_lightning import UserError, family, resume_training
from nested_lightning.app.checkpoints.checkpoint_io import read_checkpoint
from nested_lightning.settings.families import knowing
from tests.containers.owning.small_training import STEPS_PER_EPOCH, run_of, train
from tests.containers.owning.test_ways_of_training import Random, ShuffledRows
from tests.containers.shared_trainings import cut_off


class Bringing(Random):
    """Saves and stops by values of its own, one of them that of the trainer's settings."""

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self.log("val_loss", self.loss(batch))
        self.log("val_acc", -self.loss(batch))

    def configure_callbacks(self) -> list[Callback]:
        named = {"filename": "{step}-{val_acc:.3f}", "save_top_k": -1}
        return [
            ModelCheckpoint(monitor="val_loss", save_last=True),
            ModelCheckpoint(monitor="val_acc", mode="max", **named),  # type: ignore[arg-type]
            EarlyStopping("val_loss", patience=99),
            EarlyStopping("val_acc", mode="max", patience=99),
        ]


class Doubled(Random):
    def configure_callbacks(self) -> list[Callback]:
        return [EarlyStopping("val_loss"), EarlyStopping("val_loss", patience=1)]


SETTINGS: dict[str, Any] = {"max_epochs": 4, "early_stopping_patience": 98, "checkpoint_every_n_steps": 1}


def states_in(file: Path, key: Callable[[str], bool]) -> dict[str, Any]:
    found = {name: state for name, state in read_checkpoint(file)["callbacks"].items() if key(name)}
    return {name: {k: v for k, v in state.items() if "path" not in k} for name, state in found.items()}


@pytest.mark.slow
def test_each_keeps_its_own_state_when_the_training_goes_on(tmp_path: Path) -> None:
    whole = run_of(Bringing, tmp_path, ShuffledRows, **SETTINGS)()
    cut_off(run_of(Bringing, tmp_path / "cut", ShuffledRows, **SETTINGS), 3 * STEPS_PER_EPOCH + 2)
    with knowing(family("small", model=Bringing, data=ShuffledRows).family):
        rest = resume_training(tmp_path / "cut" / "run")()

    kinds = ("EarlyStopping{", "PatientStopping{")
    states = states_in(whole.run_folder.last_checkpoint, lambda name: name.startswith(kinds))
    assert len(states) == 3
    assert states_in(rest.run_folder.last_checkpoint, lambda name: name.startswith(kinds)) == states
    assert len(states_in(rest.run_folder.last_checkpoint, lambda name: "Checkpoint{" in name)) == 3


@pytest.mark.slow
def test_their_checkpoints_have_a_folder_of_their_own_and_are_what_their_names_say(tmp_path: Path) -> None:
    result = train(Bringing, tmp_path, ShuffledRows)
    own = result.run_folder.path / "own" / "checkpoints"
    named = sorted(own.glob("step=*-val_acc=*.ckpt"))

    assert sorted(file.name for file in result.run_folder.checkpoints.iterdir()) == ["best.ckpt", "last.ckpt"]
    assert (own / "last.ckpt").is_file()
    assert [read_checkpoint(file)["global_step"] for file in named] == [12, 6]
    for file in named:
        score = states_in(file, lambda name: "val_acc" in name and "Checkpoint" in name).popitem()[1]
        assert f"val_acc={score['current_score']:.3f}" in file.name


def test_two_that_would_share_a_state_are_refused_before_the_first_step(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"2 callbacks would have one state in a checkpoint, EarlyStopping\{"):
        train(Doubled, tmp_path, ShuffledRows)
