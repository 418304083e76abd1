"""A stranger's module is scored by its own loops, whatever it logs and however many loaders there are."""

from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from nested_lightning import Part, UserError, bootstrap, family, part
from nested_lightning.app.own.evaluate import OwnEvaluator
from tests.containers.owning.auto_encoder import Reconstruction, waves
from tests.untrained import as_if_trained


class Numbers(pl.LightningDataModule):
    """Zeros, ones and twos."""

    baseline = {"val/mean": 0.5, "unheard": 1.0}  # noqa: RUF012

    def train_dataloader(self) -> DataLoader[Any]:
        return self._loader(0.0, 8)

    def val_dataloader(self) -> DataLoader[Any]:
        return self._loader(1.0, 6)

    def test_dataloader(self) -> Any:
        return [self._loader(1.0, 3), self._loader(2.0, 5)]

    def on_after_batch_transfer(self, batch: list[Tensor], dataloader_idx: int) -> list[Tensor]:
        return [10 * batch[0]]

    def _loader(self, value: float, number: int) -> DataLoader[Any]:
        return DataLoader(TensorDataset(torch.full((number, 1), value)), batch_size=2)


class Logging(pl.LightningModule):
    """Logs what it gets."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        return self.layer(batch[0]).mean()

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        self.log("val/mean", batch[0].mean())

    def test_step(self, batch: list[Tensor], batch_idx: int, dataloader_idx: int = 0) -> None:
        self.log("test/mean", batch[0].mean())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


@family("logging")
def logging(data: Numbers, model: Part[Logging], layer: Part[nn.Module] = part(nn.Linear)) -> Logging:
    """Wire a layer."""
    return model(layer(1, 1))


def test_each_loader_has_scores_of_its_own_and_the_hooks_of_the_datamodule_run() -> None:
    report = as_if_trained(bootstrap({}, family=logging).logging).evaluator()("test")

    assert report.scores == {"test/mean/dataloader_idx_0": 10.0, "test/mean/dataloader_idx_1": 20.0}
    assert report.num_samples == 8


def test_the_training_part_goes_through_the_validation_loop() -> None:
    report = as_if_trained(bootstrap({}, family=logging).logging).evaluator()("train")

    assert (report.scores, report.num_samples) == ({"val/mean": 0.0}, 8)


def test_the_baseline_of_the_datamodule_stands_beside_what_is_logged() -> None:
    report = as_if_trained(bootstrap({}, family=logging).logging).evaluator()("val")

    assert report.scores == {"val/mean": 10.0}
    assert report.to_dict()["baseline"] == {"val/mean": 0.5}
    assert "baseline" not in as_if_trained(bootstrap({}, family=waves).waves).evaluator()("val").to_dict()


def test_validation_stands_for_the_test_where_there_is_none_and_the_module_may_have_the_loaders() -> None:
    evaluator = as_if_trained(bootstrap({}, family=waves).waves).evaluator()

    assert evaluator().scores.keys() == {"val_loss"}
    with pytest.raises(UserError, match="Reconstruction has no test_step, and Waves has no test_dataloader"):
        evaluator("test")


def test_a_module_without_any_loop_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reconstruction, "validation_step", pl.LightningModule.validation_step)

    with pytest.raises(UserError, match=r"^the part val can't be scored: Reconstruction has no validation_"):
        as_if_trained(bootstrap({}, family=waves).waves).evaluator()()


def test_a_module_with_loaders_of_its_own_needs_no_datamodule() -> None:
    class Alone(Logging):
        def test_dataloader(self) -> DataLoader[Any]:
            return DataLoader(TensorDataset(torch.ones(4, 1)))

    report = OwnEvaluator(model=Alone(nn.Linear(1, 1)), datamodule=None)()

    assert (report.scores, report.num_samples) == ({"test/mean": 1.0}, 4)


def test_evaluating_leaves_the_generators_of_the_caller_as_they_were() -> None:
    evaluator = as_if_trained(bootstrap({}, family=logging).logging).evaluator()
    before = torch.get_rng_state()
    evaluator("train")

    assert torch.equal(torch.get_rng_state(), before)
