"""Train with LightningCLI: ``python train.py fit --config config.yaml``."""

from typing import Any

from pytorch_lightning.cli import LightningArgumentParser, LightningCLI
from torch import nn

from benchmarks.ways.parts import Classifier, DigitsData


class DigitsClassifier(Classifier):
    """Tells digits by groups of features; its checkpoints hold what it is built from.

    Args:
        encoders: By group.
        combiner: Of what they give.
        head: From the combiner's to scores.
        lr: Learning rate.
    """

    def __init__(
        self, encoders: dict[str, nn.Module], combiner: nn.Module, head: nn.Module, lr: float = 1e-3
    ) -> None:
        super().__init__(encoders, combiner, head, lr)
        self.save_hyperparameters()


def widths_of(encoders: dict[str, Any]) -> list[int]:
    """Return what the combiner takes of each encoder."""
    return [encoder.init_args.out_features for encoder in encoders.values()]


class DigitsCLI(LightningCLI):
    """Has the widths that one part takes from others."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Link the widths."""
        parser.link_arguments("data.num_classes", "model.head.init_args.num_classes", apply_on="instantiate")
        parser.link_arguments("model.encoders", "model.combiner.init_args.in_features", compute_fn=widths_of)
        parser.link_arguments(
            "model.combiner.out_features", "model.head.init_args.in_features", apply_on="instantiate"
        )


def main() -> None:
    """Run the command line."""
    DigitsCLI(DigitsClassifier, DigitsData, seed_everything_default=0)


if __name__ == "__main__":
    main()
