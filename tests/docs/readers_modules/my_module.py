"""A head and a callback of a reader's own."""

from pytorch_lightning import Callback
from torch import Tensor, nn


class MyHead(nn.Sequential):
    """Layers of equal width and a last one."""

    def __init__(self, *, in_features: int, out_features: int, depth: int = 1) -> None:
        layers = (nn.Linear(in_features, in_features) for _ in range(depth))
        super().__init__(*layers, nn.Linear(in_features, out_features))
        self.in_features, self.out_features = in_features, out_features

    def forward(self, x: Tensor) -> Tensor:
        """Take [B, in_features] to [B, out_features]."""
        return super().forward(x)  # type: ignore[no-any-return]


class Mine(Callback):
    """Does nothing."""
