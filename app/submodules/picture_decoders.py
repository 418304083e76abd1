"""Picture decoders: a latent vector in, a picture out.

Each is given ``in_features``, which are Z, ``channels``, C, ``image_size``, S, and ``condition_features``: K
where it gets the domain, else 0.

Shapes: B pictures, Z latent features, K domains of the VAE, C channels, S pixels to a side.
"""

import torch
from torch import Tensor, nn

from nested_lightning.app.submodules.picture_encoders import SLOPE, activated, halved_sizes


class MlpPictureDecoder(nn.Module):
    """Two fully connected layers with leaky ReLUs, and one whose sigmoids are the pixels.

    Noise on the inner layers makes what the latent vector leaves open, such as how even a stroke is: without
    it a picture is the mean of all that would fit, and smoother than a real one (after Karras et al.,
    https://arxiv.org/abs/1812.04948). How much of it reaches each value is learned.

    Args:
        hidden_features: Width of the two layers.
        noise_scale: Standard deviation of the noise on each inner value at first; 0: there is none, ever.
    """

    def __init__(
        self,
        *,
        in_features: int,
        channels: int,
        image_size: int,
        condition_features: int = 0,
        hidden_features: int = 256,
        noise_scale: float = 0.0,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.condition_features = condition_features
        self.noise_features = 2 * hidden_features if noise_scale else 0
        self.layers = nn.Sequential(
            nn.Linear(in_features + condition_features, hidden_features),
            nn.LeakyReLU(SLOPE),
            nn.Linear(hidden_features, hidden_features),
            nn.LeakyReLU(SLOPE),
            nn.Linear(hidden_features, channels * image_size**2),
            nn.Sigmoid(),
            nn.Unflatten(1, (channels, image_size, image_size)),
        )
        if self.noise_features:
            self.noise_scales = nn.Parameter(torch.full((self.noise_features,), noise_scale))

    def forward(self, latent: Tensor, condition: Tensor, noise: Tensor | None = None) -> Tensor:
        """Map latent vectors, [B, Z], with one-hot conditions, [B, K], to pictures, [B, C, S, S] from 0 to 1.

        ``noise`` is [B, ``noise_features``], from a standard normal distribution; None: no noise.
        """
        x = torch.cat([latent, condition], dim=1)
        if noise is None:
            return self.layers(x)
        to_first, to_second = (noise * self.noise_scales).chunk(2, dim=1)
        x = self.layers[0](x) + to_first
        x = self.layers[1:3](x) + to_second
        return self.layers[3:](x)


class ConvPictureDecoder(nn.Module):
    """A fully connected layer to a small picture, then doublings with a convolution each.

    Args:
        conv_channels: Channels at full size; each halving of the side doubles them.
        use_group_norm: See `activated`.
    """

    def __init__(
        self,
        *,
        in_features: int,
        channels: int,
        image_size: int,
        condition_features: int = 0,
        conv_channels: int = 32,
        use_group_norm: bool = True,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.condition_features = condition_features
        first, *larger = reversed(halved_sizes(image_size))
        width = conv_channels * 2 ** len(larger)
        layers: list[nn.Module] = [
            nn.Linear(in_features + condition_features, width * first**2),
            nn.Unflatten(1, (width, first, first)),
            *activated(width, use_group_norm),
        ]
        for size in larger:
            layers += [nn.Upsample(size=(size, size)), nn.Conv2d(width, width // 2, 3, padding=1)]
            width //= 2
            layers += activated(width, use_group_norm)
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, channels, 3, padding=1), nn.Sigmoid())

    def forward(self, latent: Tensor, condition: Tensor) -> Tensor:
        """Map ``latent`` of [B, Z] and ``condition`` of [B, K], one-hot, to [B, C, S, S] from 0 to 1."""
        return self.layers(torch.cat([latent, condition], dim=1))
