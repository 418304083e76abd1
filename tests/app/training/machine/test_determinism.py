"""Deterministic operations: chosen while a Trainer works, and put back, also after an error."""

import os
from pathlib import Path

import pytest
import torch
from torch import Tensor

from nested_lightning.app.training.machine.determinism import Determinism
from nested_lightning.app.training.trainer import build_trainer
from tests.app.training.tiny_training import TinyData, TinyModel


def _choice() -> tuple[bool, str | None]:
    return torch.are_deterministic_algorithms_enabled(), os.environ.get("CUBLAS_WORKSPACE_CONFIG")


class _WatchedModel(TinyModel):
    def __init__(self, *, fails: bool) -> None:
        super().__init__()
        self.fails = fails
        self.seen: list[bool] = []

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        self.seen.append(torch.are_deterministic_algorithms_enabled())
        if self.fails:
            raise ArithmeticError("on purpose")
        return super().training_step(batch, batch_idx)


@pytest.mark.parametrize("is_deterministic", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_the_choice_holds_during_the_training_alone(
    tmp_path: Path, is_deterministic: bool, fails: bool
) -> None:
    before = _choice()
    model = _WatchedModel(fails=fails)
    trainer = build_trainer(
        root=tmp_path,
        callbacks=[Determinism(is_deterministic=is_deterministic)],
        max_epochs=1,
        accelerator="cpu",
    )
    assert _choice() == before

    if fails:
        with pytest.raises(ArithmeticError):
            trainer.fit(model, TinyData())
    else:
        trainer.fit(model, TinyData())

    assert set(model.seen) == {is_deterministic}
    assert _choice() == before
