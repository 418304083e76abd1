"""Picture decoders: a latent vector in, a picture out.

Shapes: B pictures, Z latent features, K domains of the VAE, C channels, S pixels to a side.
"""

import torch
from torch import Tensor, nn

from app.submodules.picture_encoders import SLOPE, halved_sizes


class MlpPictureDecoder(nn.Module):
    """Two fully connected layers with leaky ReLUs, and one whose sigmoids are the pixels.

    Args:
        in_features: Z.
        channels: C.
        image_size: S.
        condition_features: K where the decoder is told the domain, else 0.
        hidden_features: Width of the two layers.
    """

    def __init__(
        self,
        *,
        in_features: int,
        channels: int,
        image_size: int,
        condition_features: int = 0,
        hidden_features: int = 256,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.condition_features = condition_features
        self.layers = nn.Sequential(
            nn.Linear(in_features + condition_features, hidden_features),
            nn.LeakyReLU(SLOPE),
            nn.Linear(hidden_features, hidden_features),
            nn.LeakyReLU(SLOPE),
            nn.Linear(hidden_features, channels * image_size**2),
            nn.Sigmoid(),
            nn.Unflatten(1, (channels, image_size, image_size)),
        )

    def forward(self, latent: Tensor, condition: Tensor) -> Tensor:
        """Map ``latent`` of [B, Z] and ``condition`` of [B, K], one-hot, to [B, C, S, S] from 0 to 1."""
        return self.layers(torch.cat([latent, condition], dim=1))


class ConvPictureDecoder(nn.Module):
    """A fully connected layer to a small picture, then doublings with a convolution each.

    Args:
        in_features: Z.
        channels: C.
        image_size: S.
        condition_features: K where the decoder is told the domain, else 0.
        conv_channels: Channels at full size; each halving of the side doubles them.
    """

    def __init__(
        self,
        *,
        in_features: int,
        channels: int,
        image_size: int,
        condition_features: int = 0,
        conv_channels: int = 32,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.condition_features = condition_features
        first, *larger = reversed(halved_sizes(image_size))
        width = conv_channels * 2 ** len(larger)
        layers: list[nn.Module] = [
            nn.Linear(in_features + condition_features, width * first**2),
            nn.LeakyReLU(SLOPE),
            nn.Unflatten(1, (width, first, first)),
        ]
        for size in larger:
            layers += [nn.Upsample(size=(size, size)), nn.Conv2d(width, width // 2, 3, padding=1)]
            layers.append(nn.LeakyReLU(SLOPE))
            width //= 2
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, channels, 3, padding=1), nn.Sigmoid())

    def forward(self, latent: Tensor, condition: Tensor) -> Tensor:
        """Map ``latent`` of [B, Z] and ``condition`` of [B, K], one-hot, to [B, C, S, S] from 0 to 1."""
        return self.layers(torch.cat([latent, condition], dim=1))
