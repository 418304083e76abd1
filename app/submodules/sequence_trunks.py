"""Trunks that all variants share, between their adapters and their decoders.

Each is given ``in_features``, which are F_in, and publishes them and ``out_features``, F.

Shapes: B sequences, L steps, F_in features of a step, F features of the result.
"""

from torch import Tensor, nn

from nested_lightning.app.submodules.recurrence import read_both_ways


class PerceptronTrunk(nn.Module):
    """Each step on its own: layer normalisation, fully connected, ReLU, fully connected, and what came in.

    F is F_in.

    Args:
        hidden_features: Width between the two layers.
        dropout: Share of hidden values set to zero in training, in [0, 1).
    """

    def __init__(self, *, in_features: int, hidden_features: int = 64, dropout: float = 0.0) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = in_features
        self.layers = nn.Sequential(
            nn.LayerNorm(in_features),
            nn.Linear(in_features, hidden_features),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden_features, in_features),
        )

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Map [B, L, F_in], float, to [B, L, F]; the mask isn't needed."""
        return x + self.layers(x)


class LstmTrunk(nn.Module):
    """Long short-term memory that reads both ways.

    Args:
        hidden_features: Width of each direction; F is twice as much.
        num_layers: Layers one above the other.
    """

    def __init__(self, *, in_features: int, hidden_features: int = 32, num_layers: int = 1) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = 2 * hidden_features
        self.lstm = nn.LSTM(in_features, hidden_features, num_layers, batch_first=True, bidirectional=True)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Map [B, L, F_in], float, to [B, L, F]; ``mask`` of [B, L] is False at padding, after the steps."""
        return read_both_ways(self.lstm, x, mask)
