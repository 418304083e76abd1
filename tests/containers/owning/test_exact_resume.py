"""A training of one's own that was cut off ends as one that wasn't, whatever loaders it has."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities import CombinedLoader
from torch import Tensor, nn
from torch.nn.functional import mse_loss
from torch.utils.data import DataLoader, Dataset, IterableDataset, Sampler

from nested_lightning import Part, bootstrap, family, part
from nested_lightning.app.checkpoints.checkpoint_io import read_checkpoint
from nested_lightning.containers.checking.model_check import check_application
from nested_lightning.containers.owning.descriptor import family_of
from nested_lightning.containers.starting.resuming import resume_training
from nested_lightning.settings.families import knowing
from tests.containers.shared_trainings import cut_off
from tests.quick_first import quick_first

NUM_SAMPLES = 22


class Noisy(Dataset[Tensor]):
    """Vectors with noise that is drawn anew each time."""

    def __len__(self) -> int:
        return NUM_SAMPLES

    def __getitem__(self, index: int) -> Tensor:
        return torch.full((3,), index / NUM_SAMPLES) + torch.rand(3) + random.random()


class Stream(IterableDataset[Tensor]):
    """The same as a stream."""

    def __iter__(self) -> Iterator[Tensor]:
        return (Noisy()[random.randrange(NUM_SAMPLES)] for _ in range(NUM_SAMPLES))


class Drawn(Sampler[int]):
    """Draws with repetition, each index when it is asked for."""

    def __iter__(self) -> Iterator[int]:
        return (random.randrange(NUM_SAMPLES) for _ in range(NUM_SAMPLES))

    def __len__(self) -> int:
        return NUM_SAMPLES


class Vectors(pl.LightningDataModule):
    """Loaders of a kind."""

    def __init__(self, kind: str = "shuffled") -> None:
        super().__init__()
        self.kind = kind

    def train_dataloader(self) -> Any:
        data, generator = Noisy(), torch.Generator().manual_seed(3)
        if self.kind == "several":
            return {"a": DataLoader(data, 4, shuffle=True), "b": DataLoader(data, 3, shuffle=True)}
        if self.kind == "combined":
            return CombinedLoader([DataLoader(data, 4, shuffle=True), DataLoader(data, 9)], "min_size")
        if self.kind == "unknown":
            return _Batches()
        return {
            "shuffled": lambda: DataLoader(data, 4, shuffle=True, drop_last=True),
            "generator": lambda: DataLoader(data, 4, shuffle=True, generator=generator),
            "sampler": lambda: DataLoader(data, 4, sampler=Drawn()),
            "workers": lambda: DataLoader(data, 4, shuffle=True, num_workers=2, persistent_workers=True),
            "stream": lambda: DataLoader(Stream(), 4),
        }[self.kind]()

    def val_dataloader(self) -> DataLoader[Tensor]:
        return DataLoader(Noisy(), 5, shuffle=True)


class _Batches:
    """A loader of a kind that nobody knows."""

    def __iter__(self) -> Iterator[Tensor]:
        return (torch.rand(4, 3) for _ in range(5))

    def __len__(self) -> int:
        return 5


class Squeeze(pl.LightningModule):
    """Learns to give back what it gets, with dropout."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net, self.dropout = net, nn.Dropout(0.3)

    def _loss(self, batch: Any) -> Tensor:
        batch = (
            batch
            if isinstance(batch, Tensor)
            else torch.cat([*(batch.values() if isinstance(batch, dict) else batch)])
        )
        return mse_loss(self.net(self.dropout(batch)), batch)

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        return self._loss(batch)

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        self.log("val_loss", self._loss(batch))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=0.01)


@family("squeeze")
def squeeze(data: Vectors, model: Part[Squeeze], net: Part[nn.Module] = part(nn.Linear)) -> Squeeze:
    """Vectors squeezed."""
    return model(net(3, 3))


def settings(folder: Path, kind: str) -> dict[str, Any]:
    """Return settings that save each step."""
    trainer = {
        "max_epochs": 3,
        "accelerator": "cpu",
        "use_progress_bar": False,
        "checkpoint_every_n_steps": 1,
    }
    return {"run_dir": str(folder), "trainer": trainer, "squeeze": {"data": {"kind": kind}}}


def weights(folder: Path) -> dict[str, Tensor]:
    """Return the last weights of a run."""
    return dict(read_checkpoint(folder / "checkpoints" / "last.ckpt")["state_dict"])


@pytest.mark.parametrize(
    "kind",
    quick_first(["shuffled", "generator", "sampler", "workers", "stream", "several", "combined", "unknown"]),
)
def test_a_training_cut_off_ends_as_one_that_was_not(kind: str, tmp_path: Path) -> None:
    bootstrap(settings(tmp_path / "whole", kind), family=squeeze).squeeze.training_run()()
    for step in (3, 6, 8):
        folder = tmp_path / f"cut-{step}"
        cut_off(bootstrap(settings(folder, kind), family=squeeze).squeeze.training_run(), step)
        with knowing(family_of(squeeze)):
            resume_training(folder)()
        torch.testing.assert_close(weights(folder), weights(tmp_path / "whole"), rtol=0, atol=0)


def test_a_check_blames_nothing_for_several_loaders_whose_batches_differ() -> None:
    report = check_application(bootstrap({"squeeze": {"data": {"kind": "several"}}}, family=squeeze))
    assert report.faults == ()
