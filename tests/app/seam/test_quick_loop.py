"""The project's loop does what Lightning's own does: the same weights, hooks and counters."""

import copy
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.loops.training_epoch_loop import _TrainingEpochLoop
from torch import Tensor
from torch.nn import Module

from nested_lightning.app.seam.quick_loop import QuickEpochLoop, QuickOptimization
from nested_lightning.app.training.optimizers import build_adam
from tests.app.training.tiny_training import TinyData, TinyModel, tiny_model, tiny_trainer

HOOKS = [
    "on_train_batch_start",
    "on_before_zero_grad",
    "on_before_backward",
    "on_after_backward",
    "on_before_optimizer_step",
    "on_train_batch_end",
]


class HookNotes(pl.Callback):
    """Notes which hook ran, in which the model believes itself to be, and the size of gradients then."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, str | None, float]] = []


def _noting(name: str) -> Any:
    def hook(self: HookNotes, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
        gradients = [each.grad.abs().sum() for each in pl_module.parameters() if each.grad is not None]
        self.notes.append((name, pl_module._current_fx_name, float(sum(gradients))))

    return hook


for _name in HOOKS:
    setattr(HookNotes, _name, _noting(_name))


class DictModel(TinyModel):
    """Returns more than the loss, and has a hook of its own."""

    def training_step(self, batch: Tensor, batch_idx: int) -> Any:
        return {"loss": super().training_step(batch, batch_idx), "rows": len(batch)}

    def on_after_backward(self) -> None:
        for parameter in self.parameters():
            assert parameter.grad is not None
            parameter.grad.mul_(0.5)


class SkippingModel(TinyModel):
    """Takes a batch alone, and gives no loss for every other one."""

    def training_step(self, batch: Tensor) -> Any:  # type: ignore[override]
        is_skipped = int(self.global_step) % 2
        return None if is_skipped else super().training_step(batch, 0)


class StubbornModel(TinyModel):
    """Steps its optimiser itself."""

    num_steps = 0

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        self.num_steps += 1
        super().optimizer_step(*args, **kwargs)


class GrowingModel(TinyModel):
    """Trains one layer at first; in mid-epoch another one joins, and then a state is loaded."""

    def configure_optimizers(self) -> Any:
        return build_adam(self.layers[0].parameters(), lr=0.01)

    def on_train_batch_start(self, batch: Tensor, batch_idx: int) -> None:
        (optimizer,) = self.trainer.optimizers
        if self.global_step == 2 and len(optimizer.param_groups) == 1:
            optimizer.add_param_group({"params": list(self.layers[3].parameters())})
        if self.global_step == 4:
            optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))


def train(
    kind: type[TinyModel], root: Path, *, is_quick: bool, **arguments: Any
) -> tuple[dict[str, Tensor], HookNotes, dict[str, Any], pl.Trainer]:
    pl.seed_everything(0, verbose=False)
    model, notes = kind(), HookNotes()
    trainer = tiny_trainer(root, [notes], **arguments)
    if not is_quick:
        trainer.fit_loop.epoch_loop = _TrainingEpochLoop(trainer, max_steps=trainer.fit_loop.max_steps)
    trainer.fit(model, TinyData())
    return model.state_dict(), notes, trainer.fit_loop.state_dict(), trainer


@pytest.mark.parametrize("kind", [TinyModel, DictModel, SkippingModel, StubbornModel, GrowingModel])
@pytest.mark.parametrize("arguments", [{}, {"gradient_clip_val": 0.1}, {"accumulate_grad_batches": 4}])
def test_weights_hooks_and_counters_are_those_of_lightning(
    kind: type[TinyModel], arguments: dict[str, Any], tmp_path: Path
) -> None:
    quick, quick_notes, quick_state, trainer = train(kind, tmp_path / "a", is_quick=True, **arguments)
    slow, slow_notes, slow_state, slow_trainer = train(kind, tmp_path / "b", is_quick=False, **arguments)

    torch.testing.assert_close(quick, slow, rtol=0, atol=0)
    assert quick_notes.notes == slow_notes.notes
    assert quick_state == slow_state
    assert trainer.callback_metrics == slow_trainer.callback_metrics
    assert trainer.global_step == slow_trainer.global_step > 0


@pytest.mark.parametrize(
    ("kind", "arguments", "expected"),
    [
        (TinyModel, {}, True),
        (DictModel, {"gradient_clip_val": 0.1}, True),
        (StubbornModel, {}, False),
        (TinyModel, {"precision": "bf16-mixed"}, False),
        (TinyModel, {"accumulate_grad_batches": 2}, False),
    ],
)
def test_only_plain_steps_are_taken_quickly(
    kind: type[TinyModel], arguments: dict[str, Any], expected: bool, tmp_path: Path
) -> None:
    *_, trainer = train(kind, tmp_path, is_quick=True, max_epochs=1, **arguments)
    loop = trainer.fit_loop.epoch_loop
    assert isinstance(loop, QuickEpochLoop)
    assert isinstance(loop.automatic_optimization, QuickOptimization)
    assert loop.automatic_optimization._is_plain is expected
    model = trainer.lightning_module
    assert getattr(model, "num_steps", 6) == 6


def test_a_batch_goes_through_the_hooks_that_a_datamodule_has_of_its_own(tmp_path: Path) -> None:
    class DoubledData(TinyData):
        def on_after_batch_transfer(self, batch: Tensor, dataloader_idx: int) -> Tensor:
            return torch.cat([batch, batch])

    seen: list[int] = []
    model = tiny_model()
    model.layers.register_forward_hook(lambda module, args, output: seen.append(len(args[0])))
    assert isinstance(model.layers, Module)
    tiny_trainer(tmp_path, max_epochs=1).fit(model, DoubledData())
    assert set(seen) == {16}
