"""The model as it is commonly written: what a step of this project is compared with.

A Dataset that gives one sample, a DataLoader with default collation, submodules constructed inside the
LightningModule, a default Trainer that logs each step and shows its progress bar.
"""

from typing import Any

import pytorch_lightning as pl
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.data import MultiFeatureDataModule

Sample = tuple[list[Tensor], Tensor]
NUM_CLASSES = 10


class FeatureDataset(Dataset[Sample]):
    """One sample at a time: a list with one tensor for each group, and the class."""

    def __init__(self, rows: FeatureBatch) -> None:
        assert rows.target is not None
        self.features = [tensor for tensor in rows.features.values() if tensor is not None]
        self.target = rows.target

    def __len__(self) -> int:
        return len(self.target)

    def __getitem__(self, index: int) -> Sample:
        return [features[index] for features in self.features], self.target[index]


class CommonClassifier(pl.LightningModule):
    """Two-layer extractors, concatenated, and a linear layer."""

    def __init__(self, widths: list[int], num_classes: int) -> None:
        super().__init__()
        self.extractors = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 64), nn.ReLU(), nn.Linear(64, 32)) for width in widths
        )
        self.classifier = nn.Linear(32 * len(widths), num_classes)
        self.accuracy = MulticlassAccuracy(num_classes, average="micro")
        self.macro_f1 = MulticlassF1Score(num_classes, average="macro")

    def forward(self, features: list[Tensor]) -> Tensor:
        """Return logits of [B, C]."""
        vectors = [extractor(x) for extractor, x in zip(self.extractors, features, strict=True)]
        return self.classifier(torch.cat(vectors, dim=1))

    def training_step(self, batch: Sample, batch_idx: int) -> Tensor:
        """Return and log the loss."""
        features, target = batch
        loss = F.cross_entropy(self(features), target)
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch: Sample, batch_idx: int) -> None:
        """Log loss and accuracy."""
        features, target = batch
        logits = self(features)
        self.log("val_loss", F.cross_entropy(logits, target), prog_bar=True)
        self.accuracy(logits, target)
        self.log("val_accuracy", self.accuracy, prog_bar=True)
        self.macro_f1(logits, target)
        self.log("val_macro_f1", self.macro_f1)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return Adam."""
        return torch.optim.Adam(self.parameters(), lr=1e-3)


def fit_commonly(data: MultiFeatureDataModule, trainer_arguments: Any, *, batch_size: int) -> float:
    """Train as one usually would; return the accuracy on the validation part."""
    train, val = data.part("train"), data.part("val")
    widths = [tensor.shape[1] for tensor in train.features.values() if tensor is not None]
    model = CommonClassifier(widths, NUM_CLASSES)
    trainer = pl.Trainer(**trainer_arguments)
    trainer.fit(
        model,
        DataLoader(FeatureDataset(train), batch_size=batch_size, shuffle=True, drop_last=True),
        DataLoader(FeatureDataset(val), batch_size=batch_size),
    )
    return float(trainer.callback_metrics["val_accuracy"])
