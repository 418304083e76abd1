"""Discriminators: a picture and its domain in, a logit out, and the features that it was judged by.

A positive logit says that the picture is a real one of this domain. The domain takes part by a projection
(Miyato and Koyama, https://arxiv.org/abs/1802.05637). Each is given ``channels``, which are C,
``image_size``, S, and ``num_domains``, N, and publishes ``out_features``, F.

Shapes: B pictures, C channels, S pixels to a side, N domains, F features.
"""

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from nested_lightning.app.submodules.picture_encoders import SLOPE, halving_convolutions


class ProjectionHead(nn.Module):
    """From features and a domain to a logit: a linear map, plus the product with a vector of the domain.

    Args:
        in_features: F.
        num_domains: N.
    """

    def __init__(self, *, in_features: int, num_domains: int) -> None:
        super().__init__()
        self.linear = nn.Linear(in_features, 1)
        self.embedding = nn.Embedding(num_domains, in_features)
        self.scale = in_features**-0.5

    def forward(self, features: Tensor, domain: Tensor) -> Tensor:
        """Map ``features`` of [B, F] and ``domain`` of [B], int64, to logits of [B]."""
        projection = (self.embedding(domain) * features).sum(dim=1)
        return self.linear(features).squeeze(1) + self.scale * projection


class Discriminator(nn.Module):
    """Layers from pictures to features, and a `ProjectionHead`.

    Args:
        layers: From [B, C, S, S] to [B, F].
        out_features: F.
        num_domains: N.
        use_spectral_norm: Keep the largest singular value of each layer at 1 (Miyato et al.,
            https://arxiv.org/abs/1802.05957).
    """

    def __init__(
        self, layers: nn.Module, *, out_features: int, num_domains: int, use_spectral_norm: bool
    ) -> None:
        super().__init__()
        self.out_features = out_features
        self.layers = layers
        self.head = ProjectionHead(in_features=out_features, num_domains=num_domains)
        for layer in list(self.modules()) if use_spectral_norm else ():
            if isinstance(layer, nn.Linear | nn.Conv2d | nn.Embedding):
                spectral_norm(layer)

    def forward(self, pictures: Tensor, domain: Tensor) -> tuple[Tensor, Tensor]:
        """Judge pictures, [B, C, S, S], as ones of domains, int64 of [B]: logits, [B]; features, [B, F]."""
        features = self.layers(pictures)
        return self.head(features, domain), features


class MlpDiscriminator(Discriminator):
    """Two fully connected layers over all pixels, each with a leaky ReLU.

    Args:
        hidden_features: Width of both layers; the second one's output are the features.
        dropout: Share of the first layer's output set to zero in training, in [0, 1).
        use_spectral_norm: See `Discriminator`.
    """

    def __init__(
        self,
        *,
        channels: int,
        image_size: int,
        num_domains: int,
        hidden_features: int = 256,
        dropout: float = 0.0,
        use_spectral_norm: bool = False,
    ) -> None:
        layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(channels * image_size**2, hidden_features),
            nn.LeakyReLU(SLOPE),
            nn.Dropout(dropout),
            nn.Linear(hidden_features, hidden_features),
            nn.LeakyReLU(SLOPE),
        )
        super().__init__(
            layers, out_features=hidden_features, num_domains=num_domains, use_spectral_norm=use_spectral_norm
        )


class ConvDiscriminator(Discriminator):
    """Convolutions that halve the picture until it is small, then a fully connected layer.

    Args:
        conv_channels: Channels of the first convolution; each halving doubles them.
        hidden_features: F.
        dropout: Share of the convolutions' output set to zero in training, in [0, 1).
        use_spectral_norm: See `Discriminator`.
    """

    def __init__(
        self,
        *,
        channels: int,
        image_size: int,
        num_domains: int,
        conv_channels: int = 32,
        hidden_features: int = 256,
        dropout: float = 0.0,
        use_spectral_norm: bool = False,
    ) -> None:
        convolutions, width = halving_convolutions(channels, image_size, conv_channels)
        layers = nn.Sequential(
            convolutions, nn.Dropout(dropout), nn.Linear(width, hidden_features), nn.LeakyReLU(SLOPE)
        )
        super().__init__(
            layers, out_features=hidden_features, num_domains=num_domains, use_spectral_norm=use_spectral_norm
        )
