from pathlib import Path
from typing import Any

import pytest
from pytorch_lightning.callbacks import EarlyStopping
from pytorch_lightning.strategies import DDPStrategy

from nested_lightning.app.checkpoints.checkpoint_io import AtomicCheckpointIO, read_checkpoint
from nested_lightning.app.errors import UserError
from nested_lightning.app.training.trainer import build_best_checkpoint, build_trainer
from tests.app.training.tiny_training import TinyData, TinyModel, tiny_model, tiny_trainer


def test_trainer_adds_nothing_that_was_not_asked_for(tmp_path: Path) -> None:
    trainer = build_trainer(root=tmp_path, accelerator="cpu", max_epochs=1)
    trainer.fit(tiny_model(), datamodule=TinyData())
    assert getattr(trainer, "callbacks") == []  # noqa: B009
    assert trainer.loggers == []
    assert not list(tmp_path.iterdir())


def test_trainer_writes_checkpoints_atomically(tmp_path: Path) -> None:
    trainer = build_trainer(root=tmp_path, accelerator="cpu")
    assert isinstance(trainer.strategy.checkpoint_io, AtomicCheckpointIO)


def test_trainer_stops_early_by_lightnings_own_callback(tmp_path: Path) -> None:
    stopping = EarlyStopping("val_loss", patience=1, min_delta=100.0)
    trainer = tiny_trainer(tmp_path, [stopping], max_epochs=50)
    trainer.fit(tiny_model(), datamodule=TinyData())
    assert trainer.current_epoch == 2


@pytest.mark.parametrize(("mode", "choose"), [("min", min), ("max", max)])
def test_best_checkpoint_is_whole_and_of_the_best_epoch(tmp_path: Path, mode: str, choose: type) -> None:
    class Scripted(TinyModel):
        losses = (3.0, 1.0, 4.0, 2.0)

        def on_validation_epoch_end(self) -> None:
            self.log("score", self.losses[self.current_epoch])

    path = tmp_path / "checkpoints" / "best.ckpt"
    best = build_best_checkpoint(path=path, monitor="score", mode=mode)  # type: ignore[arg-type]
    tiny_trainer(tmp_path, [best], max_epochs=4).fit(Scripted(), datamodule=TinyData())
    checkpoint = read_checkpoint(path)
    assert checkpoint["epoch"] == Scripted.losses.index(choose(Scripted.losses))
    assert checkpoint["optimizer_states"][0]["state"]
    assert [file.name for file in path.parent.iterdir()] == ["best.ckpt"]


@pytest.mark.parametrize("strategy", ["ddp_spawn", "ddp_fork"])
def test_strategies_that_copy_the_model_are_refused(tmp_path: Path, strategy: str) -> None:
    with pytest.raises(UserError, match=f"{strategy}: its processes take copies .* set trainer.strategy=ddp"):
        build_trainer(root=tmp_path, accelerator="cpu", devices=2, strategy=strategy)


@pytest.mark.parametrize("strategy", ["ddp", "auto", DDPStrategy])
@pytest.mark.parametrize("has_unused", [True, False])
def test_ddp_knows_whether_steps_leave_parameters_without_a_gradient(
    tmp_path: Path, strategy: Any, has_unused: bool
) -> None:
    trainer = build_trainer(
        root=tmp_path, accelerator="cpu", devices=2, strategy=strategy, has_unused_parameters=has_unused
    )

    assert isinstance(trainer.strategy, DDPStrategy)
    assert trainer.strategy._ddp_kwargs.get("find_unused_parameters", False) is has_unused
