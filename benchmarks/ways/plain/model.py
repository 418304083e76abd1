"""The model of plain Lightning: it constructs its submodules, so that its checkpoints open again."""

from collections.abc import Sequence

from torch import nn

from benchmarks.ways.parts import (
    NUM_CLASSES,
    WIDTHS,
    Classifier,
    Concatenation,
    Head,
    LinearEncoder,
    MlpEncoder,
)


class DigitsClassifier(Classifier):
    """Tells digits by groups of features.

    Args:
        linear: Groups whose encoder is linear; the others have mlp.
        hidden_features: Width of the hidden layer of mlp.
        out_features: Width of what an encoder gives.
        dropout: Share of hidden values that mlp leaves out.
        lr: Learning rate.
    """

    def __init__(
        self,
        linear: Sequence[str] = (),
        hidden_features: int = 32,
        out_features: int = 16,
        dropout: float = 0.2,
        lr: float = 1e-3,
    ) -> None:
        encoders: dict[str, nn.Module] = {}
        for group, width in WIDTHS.items():
            if group in linear:
                encoders[group] = LinearEncoder(width, out_features)
            else:
                encoders[group] = MlpEncoder(width, hidden_features, out_features, dropout)
        combiner = Concatenation([out_features] * len(encoders))
        super().__init__(encoders, combiner, Head(combiner.out_features, NUM_CLASSES), lr)
        self.save_hyperparameters()
