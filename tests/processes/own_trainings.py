"""A training of one's own in two processes, each of which writes what it was given; a program of its own."""

import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import BatchSampler, DataLoader, IterableDataset, RandomSampler, TensorDataset
from torch.utils.data.distributed import DistributedSampler

from nested_lightning import Part, UserError, bootstrap, family, part
from tests.processes.forked_ranks import run_ranks

NUM_ROWS = 23
KINDS = ("shuffled", "batch_sampler", "shared", "stream")


class Numbers(pl.LightningDataModule):
    """Numbers from 0 on, in plain DataLoaders.

    Args:
        kind: What draws their order.
        prepared: Where each call of ``prepare_data`` leaves a line.
    """

    def __init__(self, kind: str = "shuffled", prepared: str = "prepared.txt") -> None:
        super().__init__()
        self.kind, self.prepared = kind, prepared

    def prepare_data(self) -> None:
        time.sleep(0.5)
        with Path(self.prepared).open("a") as file:
            file.write("prepared\n")

    def setup(self, stage: str) -> None:
        assert Path(self.prepared).exists()

    def train_dataloader(self) -> DataLoader[Any]:
        data = _rows()
        if self.kind == "batch_sampler":
            return DataLoader(data, batch_sampler=BatchSampler(RandomSampler(data), 3, False))
        if self.kind == "shared":
            rank = torch.distributed.get_rank() if torch.distributed.is_initialized() else 0
            own: DistributedSampler[Any] = DistributedSampler(data, 2, rank, shuffle=False, drop_last=True)
            return DataLoader(data, 3, sampler=own)
        return DataLoader(Stream(), 3) if self.kind == "stream" else DataLoader(data, 3, shuffle=True)

    def val_dataloader(self) -> DataLoader[Any]:
        return DataLoader(_rows(), 5)


class Stream(IterableDataset[Any]):
    """The same numbers, one after the other."""

    def __iter__(self) -> Any:
        return iter(_rows())


def _rows() -> TensorDataset:
    return TensorDataset(torch.arange(NUM_ROWS, dtype=torch.float32)[:, None])


class Seeing(pl.LightningModule):
    """Remembers the rows that it was given in training and in validation."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net
        self.seen: dict[str, list[list[int]]] = {"train": [], "val": []}

    def on_train_epoch_start(self) -> None:
        self.seen["train"].append([])

    def on_validation_epoch_start(self) -> None:
        self.seen["val"].append([])

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        self.seen["train"][-1] += batch[0].int().flatten().tolist()
        return self.net(batch[0]).mean()

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        self.seen["val"][-1] += batch[0].int().flatten().tolist()
        self.log("val_loss", self.net(batch[0]).mean(), sync_dist=True)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=1e-6)


@family("seeing")
def seeing(data: Numbers, model: Part[Seeing], net: Part[nn.Module] = part(nn.Linear)) -> Seeing:
    """A module that remembers."""
    return model(net(1, 1))


def train(folder: Path, kind: str) -> None:
    """Train in this process, as one of two, and write what was given to it."""
    trainer = {"max_epochs": 2, "accelerator": "cpu", "use_progress_bar": False, "num_threads": 1}
    data = {"kind": kind, "prepared": str(folder / f"{kind}.prepared")}
    settings = {"run_dir": str(folder / kind), "trainer": trainer, "seeing": {"data": data}}
    run = bootstrap(settings, family=seeing).seeing.training_run()
    try:
        run()
        seen: Any = run.model.seen
    except UserError as error:
        seen = str(error)
    (folder / f"{kind}.rank{run.trainer.global_rank}.json").write_text(json.dumps(seen))


def main(folder: Path) -> None:
    """Train in two processes with each kind of loader."""
    for kind in KINDS:
        run_ranks(partial(train, folder, kind), 2, folder / f"{kind}.txt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
