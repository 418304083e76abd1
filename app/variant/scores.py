"""Losses and scores of each variant over an epoch, and their mean over the variants.

Shapes: N labels that count, C classes of a variant.
"""

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torchmetrics import MeanMetric, MetricCollection, SumMetric
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from nested_lightning.app.assembly.names import escape_name


class VariantScores(nn.Module):
    """Accumulates what one stage logs, under names that begin with it: ``train``, ``val`` or ``test``."""

    def __init__(self, *, stage: str, num_classes: Mapping[str, int]) -> None:
        super().__init__()
        self.stage = stage
        self.variants = tuple(num_classes)
        self.single = nn.ModuleDict(
            {escape_name(name): _SingleScores(num_classes=count) for name, count in num_classes.items()}
        )

    def update(self, variant: str, loss: Tensor, logits: Tensor, target: Tensor) -> None:
        """Add one batch of a variant: its mean loss, logits of [N, C] and targets of [N]."""
        scores = self._of(variant)
        scores.loss.update(loss.detach(), len(target))
        scores.num_samples.update(len(target))
        scores.quality.update(logits.detach().argmax(dim=1), target)

    def compute(self) -> dict[str, Tensor]:
        """Return the scores so far and begin anew.

        They are ``STAGE_NAME_loss``, ``STAGE_NAME_accuracy``, ``STAGE_NAME_macro_f1`` and
        ``STAGE_NAME_num_samples`` (labels that counted) of each variant that had any, and ``STAGE_loss``,
        ``STAGE_accuracy`` and ``STAGE_macro_f1``: the mean over these variants, each counting alike.
        """
        values = {
            variant: scores.compute()
            for variant in self.variants
            if (scores := self._of(variant)).num_samples.update_called
        }
        for variant in self.variants:
            self._of(variant).reset()
        means = {
            f"{self.stage}_{name}": torch.stack([scores[name].float() for scores in values.values()]).mean()
            for name in ("loss", "accuracy", "macro_f1")
            if values
        }
        each = {
            f"{self.stage}_{variant}_{name}": value
            for variant, scores in values.items()
            for name, value in scores.items()
        }
        return means | each

    def _of(self, variant: str) -> "_SingleScores":
        return cast(_SingleScores, self.single[escape_name(variant)])


class _SingleScores(nn.Module):
    """Loss, scores and number of labels of one variant."""

    def __init__(self, *, num_classes: int) -> None:
        super().__init__()
        self.loss = MeanMetric()
        self.num_samples = SumMetric()
        self.quality = MetricCollection(
            {
                "accuracy": MulticlassAccuracy(num_classes, average="micro", validate_args=False),
                "macro_f1": MulticlassF1Score(num_classes, average="macro", validate_args=False),
            }
        )

    def compute(self) -> dict[str, Tensor]:
        return {
            "loss": self.loss.compute(),
            **self.quality.compute(),
            "num_samples": self.num_samples.compute(),
        }

    def reset(self) -> None:
        for metric in (self.loss, self.num_samples, self.quality):
            metric.reset()
