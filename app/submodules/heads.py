"""Classifier heads: one vector in, one logit for each class out.

Shapes: B rows of a batch, F_in features of the combined vector, C classes.
"""

from torch import Tensor, nn

from nested_lightning.app.submodules.feature_extractors import LinearFeatureExtractor


class LinearHead(LinearFeatureExtractor):
    """One fully connected layer: from [B, F_in], float, to logits of [B, C].

    Args:
        in_features: F_in.
        out_features: C, the number of classes.
    """

    def __init__(self, *, in_features: int, out_features: int) -> None:
        super().__init__(in_features=in_features, out_features=out_features)


class NormalizedHead(nn.Module):
    """Batch normalisation, ReLU and dropout before one fully connected layer.

    Args:
        in_features: F_in.
        out_features: C, the number of classes.
        dropout: Share of inputs set to zero in training, in [0, 1).
    """

    def __init__(self, *, in_features: int, out_features: int, dropout: float = 0.3) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.layers = nn.Sequential(
            nn.BatchNorm1d(in_features), nn.ReLU(), nn.Dropout(dropout), nn.Linear(in_features, out_features)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x`` of [B, F_in], float, to logits of [B, C]; in training B is at least 2."""
        # features of a stack lie before its rows, which batch normalisation is several times slower with
        return self.layers(x.contiguous())
