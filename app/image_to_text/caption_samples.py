"""Sample captions of each validation: in the log, and on a contact sheet in the run folder."""

import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from pytorch_lightning import LightningModule, Trainer
from torch import Tensor
from typing_extensions import override

from nested_lightning.app.checkpoints.checkpoint_io import write_atomically
from nested_lightning.app.training.epoch_callback import EpochCallback
from nested_lightning.app.training.reporting.log_file import PROJECT_LOGGER

_log = logging.getLogger(PROJECT_LOGGER)

_PICTURE_SIZE = 96
_LINE_HEIGHT = 18
_WIDTH = 720
_MARGIN = 8


@dataclass(frozen=True, kw_only=True)
class CaptionSample:
    """A picture, uint8 of [3, S, S] on the CPU, with the captions of people and of the model."""

    picture: Tensor
    captions: tuple[str, ...]
    generated: str


class CaptionSamples(EpochCallback):
    """Logs the model's ``samples`` and draws them, as ``captions-val.png`` and ``captions-test.png``."""

    @override
    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log and draw the samples of a validation."""
        self._show(trainer, pl_module, "val")

    @override
    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log and draw the samples of a test."""
        self._show(trainer, pl_module, "test")

    def _show(self, trainer: Trainer, pl_module: LightningModule, part: str) -> None:
        samples: Sequence[CaptionSample] = getattr(pl_module, "samples", [])
        if not samples or not trainer.is_global_zero:
            return
        for sample in samples:
            _log.info(
                "epoch %d, %s: '%s' for '%s'",
                trainer.current_epoch,
                part,
                sample.generated,
                sample.captions[0],
            )
        folder = Path(trainer.default_root_dir)
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / f"captions-{part}.png", draw_contact_sheet(samples))


def draw_contact_sheet(samples: Sequence[CaptionSample]) -> bytes:
    """Return a PNG file with a row for each sample: its picture, its caption, the generated caption."""
    row_height = _PICTURE_SIZE + _MARGIN
    sheet = Image.new("RGB", (_WIDTH, row_height * len(samples) + _MARGIN), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=14)
    left = _PICTURE_SIZE + 3 * _MARGIN
    for row, sample in enumerate(samples):
        top = _MARGIN + row * row_height
        picture = Image.fromarray(sample.picture.permute(1, 2, 0).contiguous().numpy())
        sheet.paste(picture.resize((_PICTURE_SIZE, _PICTURE_SIZE)), (_MARGIN, top))
        is_right = sample.generated in sample.captions
        lines = [("true", sample.captions[0], "black")]
        lines.append(("model", sample.generated or "(nothing)", "darkgreen" if is_right else "darkred"))
        for number, (name, text, colour) in enumerate(lines):
            place = (left, top + _PICTURE_SIZE // 4 + number * 2 * _LINE_HEIGHT)
            draw.text(place, f"{name}:  {_shorten(text, font, _WIDTH - left - 60)}", fill=colour, font=font)
    content = io.BytesIO()
    sheet.save(content, format="PNG")
    return content.getvalue()


def _shorten(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"
