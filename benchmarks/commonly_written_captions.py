"""The captioner as it is commonly written: what an epoch of image-to-text is compared with.

A Dataset that opens one picture file, shifts and normalises it and encodes its caption, a DataLoader with
default collation, submodules constructed inside the LightningModule, a default Trainer that logs each step
and shows its progress bar. The submodules and their sizes are those of the project's default.
"""

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
import torch.nn.functional as F
from PIL import Image
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchmetrics.text import WordErrorRate

from nested_lightning.app.image_to_text.data import ImageToTextDataModule
from nested_lightning.app.image_to_text.vocabulary import BEGIN, PAD, Vocabulary
from nested_lightning.app.submodules.bridges import EveryStepBridge
from nested_lightning.app.submodules.image_encoders import ResidualImageEncoder
from nested_lightning.app.submodules.text_decoders import LstmTextDecoder

Sample = tuple[Tensor, Tensor]
SHIFT = 1


@dataclass(frozen=True, kw_only=True)
class CaptionedFiles:
    """Pictures in a folder that belong to one part of the data, with what the models are built from.

    Attributes:
        folder: Where the pictures and ``captions.csv`` lie.
        names: The part's pictures, as the CSV file names them.
        vocabulary: Indices of tokens.
        max_length: Tokens of a caption at most, the end token included.
    """

    folder: Path
    names: Sequence[str]
    vocabulary: Vocabulary
    max_length: int


class CaptionDataset(Dataset[Sample]):
    """One sample at a time: a picture, opened when it is asked for, and its padded caption."""

    def __init__(self, files: CaptionedFiles, *, is_varied: bool) -> None:
        self.files = files
        self.is_varied = is_varied
        with (files.folder / "captions.csv").open(encoding="utf-8", newline="") as file:
            self.captions = {row["image"]: row["caption"] for row in csv.DictReader(file)}

    def __len__(self) -> int:
        return len(self.files.names)

    def __getitem__(self, index: int) -> Sample:
        name = self.files.names[index]
        with Image.open(self.files.folder / name) as image:
            picture = torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1).float() / 255
        if self.is_varied:
            picture = _shift(picture)
        tokens = self.files.vocabulary.encode(self.captions[name])
        text = torch.tensor(tokens + [PAD] * (self.files.max_length + 1 - len(tokens)))
        return (picture - 0.5) / 0.5, text


def _shift(picture: Tensor) -> Tensor:
    top, left = random.randint(0, 2 * SHIFT), random.randint(0, 2 * SHIFT)
    height, width = picture.shape[1:]
    padded = F.pad(picture.unsqueeze(0), (SHIFT,) * 4, mode="replicate").squeeze(0)
    return padded[:, top : top + height, left : left + width]


class CommonCaptioner(pl.LightningModule):
    """Residual encoder, the picture read with every word, LSTM."""

    def __init__(self, vocabulary: Vocabulary, *, picture_size: int, max_length: int, num_steps: int) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.max_length = max_length
        self.num_steps = num_steps
        self.encoder = ResidualImageEncoder(in_features=3, picture_size=picture_size)
        self.bridge = EveryStepBridge(
            in_features=self.encoder.out_features, in_positions=self.encoder.out_positions, dropout=0.1
        )
        self.decoder = LstmTextDecoder(
            in_features=self.bridge.out_features, out_features=len(vocabulary), role="every_step", dropout=0.1
        )
        self.loss = nn.CrossEntropyLoss(ignore_index=PAD)
        self.word_error_rate = WordErrorRate()

    def forward(self, pictures: Tensor, tokens: Tensor) -> Tensor:
        """Return logits of [B, T, V]."""
        logits, _ = self.decoder(tokens, self.decoder.start(self.bridge(self.encoder(pictures))))
        return logits

    def training_step(self, batch: Sample, batch_idx: int) -> Tensor:
        """Return and log the loss."""
        loss = self._loss(*batch)
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch: Sample, batch_idx: int) -> None:
        """Log the loss and the word error rate of generated captions."""
        pictures, text = batch
        self.log("val_loss", self._loss(pictures, text), prog_bar=True)
        generated = [self.vocabulary.decode(row) for row in self.generate(pictures).tolist()]
        self.word_error_rate(generated, [self.vocabulary.decode(row) for row in text.tolist()])
        self.log("val_word_error_rate", self.word_error_rate, prog_bar=True)

    def generate(self, pictures: Tensor) -> Tensor:
        """Return greedily chosen tokens of [B, L]."""
        state = self.decoder.start(self.bridge(self.encoder(pictures)))
        last = torch.full((len(pictures), 1), BEGIN, device=pictures.device)
        tokens = []
        for _ in range(self.max_length):
            logits, state = self.decoder(last, state)
            last = logits.argmax(dim=2)
            tokens.append(last)
        return torch.cat(tokens, dim=1)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return AdamW with one cycle."""
        optimizer = torch.optim.AdamW(self.parameters(), lr=3e-3, weight_decay=0.05)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, 3e-3, self.num_steps, pct_start=0.2, cycle_momentum=False
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _loss(self, pictures: Tensor, text: Tensor) -> Tensor:
        return self.loss(self(pictures, text[:, :-1]).flatten(end_dim=1), text[:, 1:].flatten())


def fit_commonly(data: ImageToTextDataModule, trainer_arguments: Any, *, batch_size: int) -> float:
    """Train as one usually would; return the word error rate on the validation part."""
    spec = data.data_spec
    train, val = (
        CaptionedFiles(
            folder=Path(data.summary.facts["file"]),
            names=data.names(part),
            vocabulary=spec.vocabulary,
            max_length=spec.max_length,
        )
        for part in ("train", "val")
    )
    trainer = pl.Trainer(**trainer_arguments)
    model = CommonCaptioner(
        spec.vocabulary,
        picture_size=spec.picture_size,
        max_length=spec.max_length,
        num_steps=trainer_arguments["max_epochs"] * (len(train.names) // batch_size),
    )
    trainer.fit(
        model,
        DataLoader(
            CaptionDataset(train, is_varied=True), batch_size=batch_size, shuffle=True, drop_last=True
        ),
        DataLoader(CaptionDataset(val, is_varied=False), batch_size=batch_size),
    )
    return float(trainer.callback_metrics["val_word_error_rate"])
