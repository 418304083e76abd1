"""What convolutional networks learn of sparse pictures, of which most pixels are black."""

from typing import Any

import pytest
import torch
from torch import Tensor

from nested_lightning.app.submodules.latent_samplers import GaussianSampler
from nested_lightning.app.submodules.picture_decoders import ConvPictureDecoder
from nested_lightning.app.submodules.picture_encoders import ConvPictureEncoder
from nested_lightning.app.submodules.vae import VariationalAutoencoder

NUM_STEPS = 40


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3])
def test_conv_networks_learn_more_of_sparse_pictures_than_their_mean(channels: int) -> None:
    torch.manual_seed(0)
    pictures = _bars(16, channels)

    vae = _train(pictures)

    error = float(vae(pictures, torch.zeros(len(pictures), dtype=torch.long)).pixel_error.detach())
    error_of_mean = float((pictures - pictures.mean(dim=0)).square().flatten(1).sum(dim=1).mean())
    assert error < 0.8 * error_of_mean
    assert vae.sample(torch.zeros(20, dtype=torch.long)).max() > 0.5


def test_conv_networks_without_normalisation_have_the_parameters_of_earlier_checkpoints() -> None:
    sizes: dict[str, Any] = {"channels": 1, "image_size": 8, "use_group_norm": False}

    encoder, decoder = ConvPictureEncoder(**sizes), ConvPictureDecoder(in_features=2, **sizes)

    assert {name.rpartition(".")[0] for name in encoder.state_dict()} == {
        *("convolutions.0", "convolutions.2", "linear.0")
    }
    assert {name.rpartition(".")[0] for name in decoder.state_dict()} == {"layers.0", "layers.4", "layers.6"}


def _bars(size: int, channels: int) -> Tensor:
    """Return pictures with a white upright bar somewhere on black."""
    pictures = torch.zeros(24, channels, size, size)
    for number, left in enumerate(torch.linspace(2, size - 4, len(pictures)).int().tolist()):
        pictures[number, :, 2:-2, left : left + 2] = 1
    return pictures


def _train(pictures: Tensor) -> VariationalAutoencoder:
    _, channels, size, _ = pictures.shape
    shape: dict[str, Any] = {"channels": channels, "image_size": size, "conv_channels": 8}
    vae = VariationalAutoencoder(
        encoder=ConvPictureEncoder(**shape, hidden_features=32),
        sampler=GaussianSampler(in_features=32, num_domains=1),
        decoder=ConvPictureDecoder(in_features=8, **shape),
    )
    optimizer = torch.optim.Adam(vae.parameters(), lr=2e-3, betas=(0.5, 0.999))
    for _ in range(NUM_STEPS):
        output = vae(pictures, torch.zeros(len(pictures), dtype=torch.long))
        optimizer.zero_grad()
        (output.pixel_error + 0.05 * output.kl_divergence).backward()
        optimizer.step()
    return vae
