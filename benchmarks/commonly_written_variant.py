"""The labeller of several kinds of sequences as it is commonly written: what variant is compared with.

A Dataset of single sequences, a batch sampler that mixes no two kinds, a collate function that pads,
submodules constructed inside the LightningModule, a default Trainer that logs each step and shows its
progress bar. The submodules and their sizes are those of the project's default.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytorch_lightning as pl
import torch
import torch.nn.functional as F
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader, Dataset, Sampler
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from nested_lightning.app.submodules.sequence_adapters import PictureProjection, TokenEmbedding
from nested_lightning.app.variant.data import VariantDataModule
from nested_lightning.app.variant.sequences import Sequences

Sample = tuple[str, Tensor, Tensor]
Batch = tuple[str, Tensor, Tensor, Tensor]
NUM_CLASSES = 10
EVAL_BATCH_SIZE = 128
UNLABELLED = -100


class SequenceDataset(Dataset[Sample]):
    """One sequence at a time: its kind, its steps, and the class of each; kinds lie one after the other."""

    def __init__(self, parts: Mapping[str, Sequences]) -> None:
        self.samples: list[Sample] = []
        for kind, sequences in parts.items():
            for index in range(len(sequences)):
                batch = sequences.gather(torch.tensor([index]))
                assert batch.target is not None
                self.samples.append((kind, batch.inputs[0], batch.target[0]))

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Sample:
        return self.samples[index]


class OneKindBatches(Sampler[list[int]]):
    """Batches of one kind each, in a random order."""

    def __init__(self, kinds: Sequence[str], *, batch_size: int, is_shuffled: bool) -> None:
        self.batch_size = batch_size
        self.is_shuffled = is_shuffled
        self.by_kind = {
            kind: [index for index, other in enumerate(kinds) if other == kind]
            for kind in dict.fromkeys(kinds)
        }

    def __len__(self) -> int:
        return sum(-(-len(indices) // self.batch_size) for indices in self.by_kind.values())

    def __iter__(self) -> Iterator[list[int]]:
        batches = []
        for indices in self.by_kind.values():
            order = random.sample(indices, len(indices)) if self.is_shuffled else indices
            batches += [order[at : at + self.batch_size] for at in range(0, len(order), self.batch_size)]
        if self.is_shuffled:
            random.shuffle(batches)
        return iter(batches)


def collate(samples: list[Sample]) -> Batch:
    """Pad sequences of one kind to the longest; return the kind, steps, labels and lengths."""
    kinds, steps, labels = zip(*samples, strict=True)
    lengths = torch.tensor([len(each) for each in steps])
    padded = pad_sequence(list(steps), batch_first=True)
    return kinds[0], padded, pad_sequence(list(labels), batch_first=True, padding_value=UNLABELLED), lengths


class CommonLabeller(pl.LightningModule):
    """An adapter, an LSTM that reads both ways and a linear layer for each kind."""

    def __init__(self, num_tokens: int, num_features: int, *, hidden_features: int = 64) -> None:
        super().__init__()
        self.adapters = nn.ModuleDict(
            {
                "image": PictureProjection(in_features=num_features),
                "text": TokenEmbedding(in_features=num_tokens),
            }
        )
        self.lstms = nn.ModuleDict()
        self.heads = nn.ModuleDict()
        self.scores = nn.ModuleDict()
        for kind in self.adapters:
            self.lstms[kind] = nn.LSTM(32, hidden_features, batch_first=True, bidirectional=True)
            self.heads[kind] = nn.Linear(2 * hidden_features, NUM_CLASSES)
            self.scores[kind] = MetricCollection(
                {
                    "accuracy": MulticlassAccuracy(NUM_CLASSES, average="micro", ignore_index=UNLABELLED),
                    "macro_f1": MulticlassF1Score(NUM_CLASSES, average="macro", ignore_index=UNLABELLED),
                },
                prefix=f"val_{kind}_",
            )

    def forward(self, kind: str, steps: Tensor, lengths: Tensor) -> Tensor:
        """Return logits of [B, L, C]."""
        vectors = self.adapters[kind](steps)
        packed = pack_padded_sequence(vectors, lengths.cpu(), batch_first=True, enforce_sorted=False)
        read, _ = pad_packed_sequence(self.lstms[kind](packed)[0], batch_first=True)
        logits: Tensor = self.heads[kind](read)
        return logits

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return and log the loss."""
        kind, steps, labels, lengths = batch
        loss = F.cross_entropy(self(kind, steps, lengths).transpose(1, 2), labels, ignore_index=UNLABELLED)
        self.log("train_loss", loss, prog_bar=True, batch_size=len(steps))
        self.log(f"train_{kind}_loss", loss, batch_size=len(steps))
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Log loss and scores."""
        kind, steps, labels, lengths = batch
        logits = self(kind, steps, lengths).transpose(1, 2)
        loss = F.cross_entropy(logits, labels, ignore_index=UNLABELLED)
        self.log(f"val_{kind}_loss", loss, batch_size=len(steps))
        scores = self.scores[kind]
        assert isinstance(scores, MetricCollection)
        scores.update(logits, labels)
        self.log_dict(scores, batch_size=len(steps))

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return Adam, whose rate rises and falls once."""
        optimizer = torch.optim.Adam(self.parameters(), lr=1e-3)
        total = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=1e-2, total_steps=total, cycle_momentum=False
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def fit_commonly(data: VariantDataModule, trainer_arguments: Any, *, batch_size: int) -> float:
    """Train as one usually would; return the mean of both kinds' macro F1 on the validation part."""
    train, val = data.part("train"), data.part("val")
    model = CommonLabeller(data.data_spec.find("text").in_features, train["image"].steps.shape[1])
    trainer = pl.Trainer(**trainer_arguments, gradient_clip_val=1.0)
    loaders = []
    for parts, size, is_shuffled in ((train, batch_size, True), (val, EVAL_BATCH_SIZE, False)):
        samples = SequenceDataset(parts)
        kinds = [kind for kind, _, _ in samples.samples]
        batches = OneKindBatches(kinds, batch_size=size, is_shuffled=is_shuffled)
        loaders.append(DataLoader(samples, batch_sampler=batches, collate_fn=collate))
    trainer.fit(model, loaders[0], loaders[1])
    scores = trainer.callback_metrics
    return float(scores["val_image_macro_f1"] + scores["val_text_macro_f1"]) / 2
