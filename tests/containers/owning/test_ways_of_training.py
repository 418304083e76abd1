"""Every way in which a stranger's module may train goes on exactly: weights, and rows of metrics."""

from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor
from torch.nn.functional import dropout
from torch.optim import LBFGS, SGD, Adam
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LRScheduler, ReduceLROnPlateau, StepLR
from torch.optim.swa_utils import AveragedModel
from torchmetrics import MeanMetric

from nested_lightning import family, resume_training
from nested_lightning.app.checkpoints.checkpoint_io import read_checkpoint
from nested_lightning.app.data.batch_loader import BatchLoader
from nested_lightning.settings.families import knowing
from tests.containers.owning.small_training import STEPS_PER_EPOCH, Rows, Small, run_of, train
from tests.containers.owning.test_loggers import rows_of
from tests.containers.shared_trainings import cut_off


class ShuffledRows(Rows):
    """Rows in another order in each epoch, with a place to go on from."""

    def train_dataloader(self) -> Any:
        return BatchLoader(data=self.rows.tensors[0], batch_size=4, seed=3, is_shuffled=True)

    def val_dataloader(self) -> Any:
        return BatchLoader(data=self.rows.tensors[0], batch_size=8)


class Random(Small):
    """Draws in each step."""

    def loss(self, batch: Any) -> Tensor:
        return self.last(dropout(self.first(batch).relu())).square().mean()

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self.log("val_loss", self.loss(batch))


class TwoOptimisers(Random):
    """Steps two optimisers and their schedules itself."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False

    def training_step(self, batch: Any, batch_idx: int) -> None:
        optimizers: Any = self.optimizers()
        for name, optimizer in zip(("first", "last"), optimizers, strict=True):
            optimizer.zero_grad()
            loss = self.loss(batch)
            self.manual_backward(loss)
            optimizer.step()
            self.log(f"train/{name}", loss, on_step=True, on_epoch=True)
        schedules: Any = self.lr_schedulers()
        for schedule in schedules:
            schedule.step()

    def configure_optimizers(self) -> Any:
        first, last = Adam(self.first.parameters()), SGD(self.last.parameters(), lr=0.1, momentum=0.9)
        return [first, last], [StepLR(first, 3), CosineAnnealingLR(last, 20)]


class Gathering(Random):
    """Gathers the gradients of two batches itself."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False

    def training_step(self, batch: Any, batch_idx: int) -> None:
        optimizer: Any = self.optimizers()
        self.manual_backward(self.loss(batch) / 2)
        if batch_idx % 2:
            optimizer.step()
            optimizer.zero_grad()


class Logging(Random):
    """Logs numbers and metric objects, and means, sums and maxima of them."""

    def __init__(self) -> None:
        super().__init__()
        self.mean, self.val_mean, self.by_hand = MeanMetric(), MeanMetric(), MeanMetric()

    def training_step(self, batch: Any, batch_idx: int) -> dict[str, Any]:
        loss = self.loss(batch)
        self.log("both", loss, on_step=True, on_epoch=True)
        self.log("most", loss, on_step=False, on_epoch=True, reduce_fx="max")
        self.log("sum", loss, on_step=False, on_epoch=True, reduce_fx="sum")
        self.mean(loss)
        self.log("mean", self.mean, on_step=False, on_epoch=True)
        self.by_hand.update(loss)
        return {"loss": loss, "other": 1}

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self.val_mean(self.loss(batch))
        self.log_dict({"val_loss": self.val_mean})

    def on_train_epoch_end(self) -> None:
        self.log("by_hand", self.by_hand.compute())
        self.by_hand.reset()

    def configure_optimizers(self) -> Any:
        optimizer = SGD(self.parameters(), lr=0.05)
        return {"optimizer": optimizer, "lr_scheduler": LambdaLR(optimizer, lambda epoch: 0.5**epoch)}


class Hooked(Random):
    """Has hooks of its own for the step, the gradients, the schedule and the checkpoint."""

    def __init__(self) -> None:
        super().__init__()
        self.num_clipped = 0

    def optimizer_step(self, epoch: int, batch_idx: int, optimizer: Any, closure: Any = None) -> None:
        for group in optimizer.param_groups:
            group["lr"] = 0.01 * (self.global_step + 1)
        optimizer.step(closure=closure)

    def configure_gradient_clipping(self, optimizer: Any, *arguments: Any, **options: Any) -> None:
        self.num_clipped += 1
        self.clip_gradients(optimizer, gradient_clip_val=0.1 * self.num_clipped)

    def lr_scheduler_step(self, scheduler: Any, metric: Any) -> None:
        scheduler.step(metric)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["num_clipped"] = self.num_clipped

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.num_clipped = checkpoint["num_clipped"]

    def configure_optimizers(self) -> Any:
        optimizer = SGD(self.parameters(), lr=0.05, momentum=0.5)
        schedule = ReduceLROnPlateau(optimizer, patience=0)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "monitor": "val_loss"}}


class Watchful(Random):
    """Its schedule watches the loss of every second step."""

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        loss = self.loss(batch)
        self.log("step_loss", loss)
        return loss

    def configure_optimizers(self) -> Any:
        optimizer = SGD(self.parameters(), lr=0.05)
        schedule = {"scheduler": ReduceLROnPlateau(optimizer, factor=0.8, patience=0), "monitor": "step_loss"}
        return {"optimizer": optimizer, "lr_scheduler": {**schedule, "interval": "step", "frequency": 2}}


class Curve(LRScheduler):
    """A schedule that keeps a function among its state."""

    def __init__(self, optimizer: Any, curve: Any) -> None:
        self.curve = curve
        super().__init__(optimizer)

    def get_lr(self) -> list[Any]:
        return [rate * self.curve(self.last_epoch) for rate in self.base_lrs]


class Averaging(Random):
    """Averages its weights after each batch, and has a schedule of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.average = AveragedModel(self.first)

    def on_train_batch_end(self, *_: Any) -> None:
        self.average.update_parameters(self.first)

    def configure_optimizers(self) -> Any:
        optimizer = SGD(self.parameters(), lr=0.05)
        schedule = Curve(optimizer, lambda step: 1 / (step + 1))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class Quasi(Random):
    """Has an optimiser that takes several looks in a step."""

    def configure_optimizers(self) -> Any:
        return LBFGS(self.parameters(), max_iter=3)


class Uncounted(Random):
    """Steps past Lightning."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False

    def training_step(self, batch: Any, batch_idx: int) -> None:
        optimizer: Any = self.optimizers(use_pl_optimizer=False)
        optimizer.zero_grad()
        self.loss(batch).backward()
        optimizer.step()


@pytest.mark.slow
@pytest.mark.parametrize("module", [TwoOptimisers, Gathering, Logging, Hooked, Watchful, Averaging, Quasi])
def test_it_goes_on_exactly_from_mid_epoch_and_from_an_epochs_end(module: Any, tmp_path: Path) -> None:
    whole = run_of(module, tmp_path, ShuffledRows, checkpoint_every_n_steps=1)
    result = whole()
    for batch in (4, STEPS_PER_EPOCH, STEPS_PER_EPOCH + 2):
        folder = tmp_path / str(batch)
        cut_off(run_of(module, folder, ShuffledRows, checkpoint_every_n_steps=1), batch)
        with knowing(family("small", model=module, data=ShuffledRows).family):
            rest = resume_training(folder / "run")
        found = rest()

        for one, other in zip(whole.model.parameters(), rest.model.parameters(), strict=True):
            assert torch.equal(one, other)
        assert "on_train_batch_end" not in vars(rest.model)
        assert rows_of(found.run_folder.metrics_file) == rows_of(result.run_folder.metrics_file)
        assert found.to_dict() | {"duration_s": 0} == result.to_dict() | {"duration_s": 0}


def test_steps_of_several_optimisers_in_a_batch_count_once_and_save_at_the_steps_asked_for(
    tmp_path: Path,
) -> None:
    saved: list[int] = []

    class Saves(Callback):
        def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: Any) -> None:
            saved.append(checkpoint["global_step"])

    run = run_of(TwoOptimisers, tmp_path, ShuffledRows, max_steps=9, checkpoint_every_n_steps=4)
    run.trainer.callbacks.append(Saves())  # type: ignore[attr-defined]

    assert run().num_steps == 9
    assert sorted({*saved}) == [0, 4, 6, 8, 9]
    assert list(rows_of(run.run_folder.metrics_file)) == [STEPS_PER_EPOCH, 9]


def test_a_number_of_steps_ends_a_training_and_more_of_them_go_on(tmp_path: Path) -> None:
    assert train(Random, tmp_path, ShuffledRows, max_steps=STEPS_PER_EPOCH + 1).num_steps == 7
    with knowing(family("small", model=Random, data=ShuffledRows).family):
        rest = resume_training(tmp_path / "run", {"trainer": {"max_steps": 9}})
    whole = run_of(Random, tmp_path / "whole", ShuffledRows, max_steps=9)
    whole()

    assert rest().num_steps == 9
    for one, other in zip(whole.model.parameters(), rest.model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_steps_that_lightning_does_not_count_are_told_of_and_saved_with_each_epoch(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = run_of(Uncounted, tmp_path, ShuffledRows, checkpoint_every_n_seconds=0)
    cut_off(run, STEPS_PER_EPOCH + 1)

    assert "no step was counted in the first epoch" in caplog.text
    assert read_checkpoint(run.run_folder.last_checkpoint)["epoch"] == 0
