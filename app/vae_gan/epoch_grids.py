"""Grids of pictures in the run folder, written as training goes on."""

from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import LightningModule, Trainer
from torch import Tensor
from typing_extensions import override

from nested_lightning.app.errors import UserError
from nested_lightning.app.training.epoch_callback import EpochCallback
from nested_lightning.app.vae_gan.batch import PictureBatch
from nested_lightning.app.vae_gan.grids import pair_rows, picture_grid
from nested_lightning.app.vae_gan.picture_scores import PictureModel


def write_grid(path: Path, pictures: Tensor, *, num_columns: int) -> None:
    """Write `picture_grid` to a file, in the format that its suffix names.

    Raises:
        UserError: It can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture_grid(pictures.detach().float().cpu().numpy(), num_columns=num_columns).save(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} can't be written ({error}); name a file such as samples.png") from None


FOLDER = "pictures"
PICTURES_PER_DOMAIN = 8


class PictureGrids(EpochCallback):
    """Writes samples and reconstructions of validation pictures to ``pictures`` in the run folder.

    A row of samples is one domain. In a grid of reconstructions each row of pictures of one domain has its
    reconstructions beneath it. The first validation of every interval writes, and the last of the training.

    Args:
        every_n_epochs: Epochs of an interval, at least 1.
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
        write_grid(folder / f"epoch-{epoch:04d}-samples.png", samples, num_columns=PICTURES_PER_DOMAIN)
        chosen = torch.cat([_first_of(batch.domain, domain) for domain in domains])
        real = batch.pictures[chosen]
        rebuilt = maker(real, batch.domain[chosen])
        pairs = pair_rows(
            real.float().cpu().numpy(), rebuilt.float().cpu().numpy(), num_columns=PICTURES_PER_DOMAIN
        )
        name = f"epoch-{epoch:04d}-reconstructions.png"
        write_grid(folder / name, torch.from_numpy(pairs), num_columns=PICTURES_PER_DOMAIN)


def _first_of(domains: Tensor, domain: Tensor) -> Tensor:
    """Return the first rows of a domain, from the beginning again where there are too few."""
    rows = (domains == domain).nonzero().squeeze(1)
    return rows.repeat(-(-PICTURES_PER_DOMAIN // len(rows)))[:PICTURES_PER_DOMAIN]
