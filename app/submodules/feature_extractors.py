"""Feature extractors: one group of features in, one vector out.

Each is given, and publishes, ``in_features``, which are F_in, at least 1, and ``out_features``, F_out.

Shapes: B rows of a batch, F_in features of the group, F_out features of the vector.
"""

from torch import Tensor, nn

from nested_lightning.app.submodules.periodic import PeriodicEmbedding


class FeatureExtractor(nn.Module):
    """Fully connected, ReLU, fully connected.

    Args:
        hidden_features: Width between the two layers.
    """

    def __init__(self, *, in_features: int, hidden_features: int = 64, out_features: int = 32) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.layers = nn.Sequential(
            nn.Linear(in_features, hidden_features), nn.ReLU(), nn.Linear(hidden_features, out_features)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x`` of [B, F_in], float, to [B, F_out]."""
        return self.layers(x)


class NormalizedFeatureExtractor(nn.Module):
    """A `FeatureExtractor` with batch normalisation (Ioffe and Szegedy 2015) and dropout.

    Args:
        hidden_features: Width between the two layers.
        dropout: Share of hidden values set to zero in training, in [0, 1).
    """

    def __init__(
        self, *, in_features: int, hidden_features: int = 64, out_features: int = 32, dropout: float = 0.3
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.layers = nn.Sequential(
            nn.Linear(in_features, hidden_features, bias=False),
            nn.BatchNorm1d(hidden_features),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden_features, out_features),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x`` of [B, F_in], float, to [B, F_out]; in training B is at least 2."""
        return self.layers(x)


class PeriodicFeatureExtractor(nn.Module):
    """A `PeriodicEmbedding` of each feature, then one fully connected layer: the head has more.

    A group of more features than ``max_embedded`` would become wide and slow: it goes through the layers of a
    `NormalizedFeatureExtractor`.

    Args:
        num_frequencies: Cosines of each feature.
        embedding_features: Numbers that a feature becomes, at least 2.
        max_embedded: Most features of a group that are embedded; 0: none are.
        hidden_features: Width between the two layers of a larger group.
        dropout: Share of these set to zero in training, in [0, 1).
    """

    def __init__(
        self,
        *,
        in_features: int,
        out_features: int = 32,
        num_frequencies: int = 16,
        embedding_features: int = 4,
        max_embedded: int = 32,
        hidden_features: int = 64,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.embedding: nn.Module = nn.Identity()
        if in_features <= max_embedded:
            embedding = PeriodicEmbedding(
                in_features=in_features,
                num_frequencies=num_frequencies,
                embedding_features=embedding_features,
            )
            self.embedding = embedding
            self.layers = nn.Sequential(nn.Linear(embedding.out_features, out_features))
        else:
            self.layers = NormalizedFeatureExtractor(
                in_features=in_features,
                hidden_features=hidden_features,
                out_features=out_features,
                dropout=dropout,
            ).layers

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x`` of [B, F_in], float, to [B, F_out]; in training B is at least 2."""
        return self.layers(self.embedding(x))


class ResidualFeatureExtractor(nn.Module):
    """A projection to F_out, then pre-activation residual blocks (He et al. 2016).

    Args:
        hidden_features: Width inside each block.
        num_blocks: Number of blocks, at least 1.
        dropout: Share of hidden values set to zero in training, in [0, 1).
    """

    def __init__(
        self,
        *,
        in_features: int,
        hidden_features: int = 64,
        out_features: int = 32,
        num_blocks: int = 2,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.projection = nn.Linear(in_features, out_features)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(out_features),
                nn.Linear(out_features, hidden_features),
                nn.ReLU(),
                nn.Dropout(dropout),
                nn.Linear(hidden_features, out_features),
            )
            for _ in range(num_blocks)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x`` of [B, F_in], float, to [B, F_out]."""
        y: Tensor = self.projection(x)
        for block in self.blocks:
            y = y + block(y)
        return y


class LinearFeatureExtractor(nn.Module):
    """One fully connected layer."""

    def __init__(self, *, in_features: int, out_features: int = 32) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.linear = nn.Linear(in_features, out_features)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x`` of [B, F_in], float, to [B, F_out]."""
        return self.linear(x)
