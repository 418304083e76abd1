"""Adapters in front of sequence decoders: a variant's own steps in, vectors of one width out.

Each is given, and publishes, ``in_features``, which are F_in, and ``out_features``, F.

Shapes: B sequences, L steps, F_in features of a step (or the number of token indices), F features of the
result.
"""

from typing import ClassVar, Literal

from torch import Tensor, nn

from nested_lightning.app.submodules.feature_extractors import LinearFeatureExtractor

TakesKind = Literal["tokens", "vectors"]


class TokenEmbedding(nn.Module):
    """One learned vector for each token.

    Args:
        dropout: Share of the result set to zero in training, in [0, 1).
    """

    takes: ClassVar[TakesKind] = "tokens"

    def __init__(self, *, in_features: int, out_features: int = 32, dropout: float = 0.0) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.embedding = nn.Embedding(in_features, out_features)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map indices of [B, L], int64 below F_in, to [B, L, F]."""
        return self.dropout(self.embedding(x))


class LinearProjection(LinearFeatureExtractor):
    """One fully connected layer for each step: vectors of [B, L, F_in], float, to [B, L, F]."""

    takes: ClassVar[TakesKind] = "vectors"


class PerceptronProjection(nn.Module):
    """Fully connected, ReLU, dropout, fully connected, for each step.

    Args:
        hidden_features: Width between the two layers.
        dropout: Share of hidden values set to zero in training, in [0, 1).
    """

    takes: ClassVar[TakesKind] = "vectors"

    def __init__(
        self, *, in_features: int, hidden_features: int = 128, out_features: int = 32, dropout: float = 0.2
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.layers = nn.Sequential(
            nn.Linear(in_features, hidden_features),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden_features, out_features),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map vectors of [B, L, F_in], float, to [B, L, F]."""
        return self.layers(x)


class PictureProjection(nn.Module):
    """Two convolutions and a fully connected layer for steps that are small pictures of one channel.

    F_in is height times width.

    Args:
        height: Rows of a picture, an even number; None: as many as columns, F_in being a square number.
        channels: Channels of the first convolution; the second, on half the resolution, has twice as many.
        dropout: Share of the last layer's input set to zero in training, in [0, 1).

    Raises:
        ValueError: The vectors are no pictures of this height, or have an odd number of rows or columns.
    """

    takes: ClassVar[TakesKind] = "vectors"

    def __init__(
        self,
        *,
        in_features: int,
        height: int | None = None,
        channels: int = 16,
        out_features: int = 32,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.height = height or round(in_features**0.5)
        self.width = in_features // self.height
        if self.height * self.width != in_features or self.height % 2 or self.width % 2:
            raise ValueError(
                f"vectors of {in_features} numbers are no pictures of {self.height} rows with an even number"
                " of rows and columns; set height, or choose the adapter perceptron"
            )
        self.layers = nn.Sequential(
            nn.Conv2d(1, channels, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(channels, 2 * channels, 3, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(2 * channels * (self.height // 2) * (self.width // 2), out_features),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map pictures of [B, L, F_in], float, row by row, to [B, L, F]."""
        pictures = x.reshape(-1, 1, self.height, self.width)
        projected: Tensor = self.layers(pictures)
        return projected.reshape(*x.shape[:2], self.out_features)
