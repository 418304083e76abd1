"""A training of a family of one's own goes on with the data that it began with, and with no others."""

from pathlib import Path
from typing import Any

import pytest
from torch.utils.data import Subset

from nested_lightning import UserError, bootstrap, resume_training
from tests.containers.owning.classifier import Squares, corners


def _trained(folder: Path) -> Path:
    trainer = {"max_epochs": 1, "accelerator": "cpu", "use_progress_bar": False}
    settings = {"run_dir": str(folder / "run"), "trainer": trainer}
    bootstrap(settings, family=corners).corners.training_run()()
    return folder / "run"


def _resume(run: Path) -> int:
    return resume_training(run, {"trainer": {"max_epochs": 2}}, family=corners)().num_steps


@pytest.mark.slow
def test_resume_goes_on_with_the_same_data(tmp_path: Path) -> None:
    assert _resume(_trained(tmp_path)) == 2 * 3


def test_resume_refuses_data_of_another_number_of_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _trained(tmp_path)
    setup = Squares.setup

    def smaller(self: Any, stage: str) -> None:
        setup(self, stage)
        self.val = Subset(self.val, range(3))

    monkeypatch.setattr(Squares, "setup", smaller)

    with pytest.raises(UserError, match="the data have changed since the training began"):
        _resume(run)


def test_resume_knows_data_by_the_fingerprint_that_the_datamodule_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Squares, "fingerprint", "first", raising=False)
    run = _trained(tmp_path)
    monkeypatch.setattr(Squares, "fingerprint", "other", raising=False)

    with pytest.raises(UserError, match="the data have changed since the training began"):
        _resume(run)
