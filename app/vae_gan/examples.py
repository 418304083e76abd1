"""Batches of the family vae-gan that have a shape and no data."""

import torch

from nested_lightning.app.vae_gan.batch import PictureBatch
from nested_lightning.app.vae_gan.data import VaeGanDataModule
from nested_lightning.app.vae_gan.spec import VaeGanDataSpec


def example_batches(
    data_spec: VaeGanDataSpec, *, num_samples: int = 2, device: str = "meta"
) -> list[PictureBatch]:
    """Return one batch of ``num_samples`` pictures of every domain; on ``cpu`` they are noise."""
    num_domains, size = len(data_spec.domains), data_spec.image_size
    with torch.device(device):
        domain = torch.arange(num_domains * num_samples) % num_domains
        pictures = torch.rand(len(domain), data_spec.channels, size, size)
    return [PictureBatch(pictures=pictures, domain=domain)]


def real_batches(datamodule: VaeGanDataModule, *, num_samples: int = 2) -> list[PictureBatch]:
    """Return one batch of training samples, ``num_samples`` of each domain."""
    part = datamodule.part("train")
    rows = [(part.domain == domain).nonzero().squeeze(1)[:num_samples] for domain in part.domain.unique()]
    return [part[torch.cat(rows)]]
