"""Image encoders: pictures in, a grid of features out.

Each is given ``in_features``, which are C_in, and ``picture_size``, which is H and W, and publishes
``out_features``, F, and ``out_positions``, h × w.

Shapes: B pictures, C_in colours, H height and W width of a picture, F features, h height and w width of the
grid.
"""

from collections.abc import Sequence

from torch import Tensor, nn


class PlainImageEncoder(nn.Module):
    """Convolution, ReLU and max-pooling by two, twice.

    Args:
        hidden_channels: Channels after the first convolution.
        embedding_dim: F, channels after the second.

    Raises:
        ValueError: Pictures are smaller than 4.
    """

    def __init__(
        self, *, in_features: int, picture_size: int, hidden_channels: int = 32, embedding_dim: int = 128
    ) -> None:
        super().__init__()
        _check_size(picture_size, halvings=2)
        self.in_features = in_features
        self.out_features = embedding_dim
        self.out_positions = (picture_size // 4) ** 2
        self.layers = nn.Sequential(
            nn.Conv2d(in_features, hidden_channels, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(hidden_channels, embedding_dim, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x`` of [B, C_in, H, W], float, to features of [B, F, h, w]."""
        return self.layers(x)


class ResidualBlock(nn.Module):
    """Two normalised convolutions and a way past them (He et al., https://arxiv.org/abs/1512.03385).

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        stride: 2 halves the resolution, 1 keeps it.
    """

    def __init__(self, *, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
            nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, kernel_size=1, stride=stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, in_channels, H, W] to [B, out_channels, H / stride, W / stride], rounded up."""
        return self.activation(self.layers(x) + self.shortcut(x))


class ResidualImageEncoder(nn.Module):
    """A normalised convolution and stages of residual blocks, each at half the resolution of the one before.

    Args:
        stem_channels: Channels of the first convolution.
        stem_stride: Width of the patches that the first convolution reads as one; it reads 3 × 3 of them.
        channels: Channels of each stage; the last is F.
        num_blocks: Residual blocks of each stage; the first of them halves the resolution.

    Raises:
        ValueError: Pictures are smaller than ``stem_stride`` × 2 to the power of the number of stages.
    """

    def __init__(
        self,
        *,
        in_features: int,
        picture_size: int,
        stem_channels: int = 32,
        stem_stride: int = 1,
        channels: Sequence[int] = (48, 96, 192),
        num_blocks: int = 1,
    ) -> None:
        super().__init__()
        _check_size(picture_size // stem_stride, halvings=len(channels))
        self.in_features = in_features
        self.out_features = channels[-1]
        self.out_positions = (-(-(picture_size // stem_stride) // 2 ** len(channels))) ** 2
        self.stem = nn.Sequential(
            nn.Conv2d(
                in_features,
                stem_channels,
                kernel_size=3 * stem_stride,
                stride=stem_stride,
                padding=stem_stride,
                bias=False,
            ),
            nn.BatchNorm2d(stem_channels),
            nn.ReLU(),
        )
        before = (stem_channels, *channels)
        self.stages = nn.Sequential(
            *(
                ResidualBlock(
                    in_channels=channels[stage] if block else before[stage],
                    out_channels=channels[stage],
                    stride=1 if block else 2,
                )
                for stage in range(len(channels))
                for block in range(num_blocks)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x`` of [B, C_in, H, W], float, to features of [B, F, h, w]."""
        return self.stages(self.stem(x))


def _check_size(width: int, *, halvings: int) -> None:
    if width < 2**halvings:
        raise ValueError(
            f"pictures {width} positions wide are too small to be halved {halvings} times; "
            "make pictures larger by the data's setting of their size, or use fewer stages"
        )
