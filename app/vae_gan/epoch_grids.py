"""Grids of pictures in the run folder, written as training goes on."""

from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import LightningModule, Trainer
from torch import Tensor
from typing_extensions import override

from nested_lightning.app.checkpoints.checkpoint_io import write_atomically
from nested_lightning.app.training.epoch_callback import EpochCallback
from nested_lightning.app.vae_gan.batch import PictureBatch
from nested_lightning.app.vae_gan.grids import write_grid
from nested_lightning.app.vae_gan.picture_scores import PictureModel

FOLDER = "pictures"
PICTURES_PER_DOMAIN = 8


class PictureGrids(EpochCallback):
    """Writes samples and reconstructions of validation pictures to ``pictures`` in the run folder.

    A row of samples is one domain. In a grid of reconstructions each row of pictures of one domain has its
    reconstructions beneath it. The first validation of every ``every_n_epochs`` writes, and the last of all.
    """

    def __init__(self, *, every_n_epochs: int = 50) -> None:
        self._every_n_epochs = every_n_epochs
        self._first_batch: PictureBatch | None = None
        self._written_interval = -1

    @override
    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: PictureBatch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Keep the first batch, to reconstruct pictures of it."""
        if batch_idx == 0:
            self._first_batch = batch

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write both grids, if it is time."""
        epoch = trainer.current_epoch + 1
        interval = trainer.current_epoch // self._every_n_epochs
        is_last = epoch == trainer.max_epochs
        if not trainer.is_global_zero or trainer.state.fn != "fit" or self._first_batch is None:
            return
        if interval != self._written_interval or is_last:
            self._written_interval = interval
            maker: Any = pl_module
            self._write(Path(trainer.default_root_dir) / FOLDER, epoch, maker, self._first_batch)

    @torch.no_grad()
    def _write(self, folder: Path, epoch: int, maker: PictureModel, batch: PictureBatch) -> None:
        domains = batch.domain.unique()
        generator = torch.Generator().manual_seed(0)
        samples = maker.sample(domains.repeat_interleave(PICTURES_PER_DOMAIN), generator)
        chosen = torch.cat([_first_of(batch.domain, domain) for domain in domains])
        real = batch.pictures[chosen]
        grids = {"samples": (samples, None), "reconstructions": (maker(real, batch.domain[chosen]), real)}
        folder.mkdir(parents=True, exist_ok=True)
        for name, (made, originals) in grids.items():
            above = None if originals is None else originals.float().cpu().numpy()
            shown = made.float().cpu().numpy()
            content = write_grid(shown, above, num_columns=PICTURES_PER_DOMAIN, format_="png")
            write_atomically(folder / f"epoch-{epoch:04d}-{name}.png", content)


def _first_of(domains: Tensor, domain: Tensor) -> Tensor:
    """Return the first rows of a domain, from the beginning again where there are too few."""
    rows = (domains == domain).nonzero().squeeze(1)
    return rows.repeat(-(-PICTURES_PER_DOMAIN // len(rows)))[:PICTURES_PER_DOMAIN]
