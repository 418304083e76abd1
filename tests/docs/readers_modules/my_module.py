"""A head and a callback of a reader's own."""

from pytorch_lightning import Callback
from torch import nn


class MyHead(nn.Sequential):
    """Layers of equal width and a last one: takes [B, in_features] to [B, out_features]."""

    def __init__(self, *, in_features: int, out_features: int, depth: int = 1) -> None:
        layers = (nn.Linear(in_features, in_features) for _ in range(depth))
        super().__init__(*layers, nn.Linear(in_features, out_features))
        self.in_features, self.out_features = in_features, out_features


class Mine(Callback):
    """Does nothing."""
