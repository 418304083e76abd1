"""What the report of an `ImageToText` has besides: captions with their wrong words, and where it looked.

Shapes: N pictures, T tokens, P places of a grid of h×w.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from nested_lightning.app.data.splits import PartName
from nested_lightning.app.image_to_text.attention import attention_maps
from nested_lightning.app.image_to_text.batch import CaptionBatch
from nested_lightning.app.image_to_text.caption_scores import find_nearest, some_scores
from nested_lightning.app.image_to_text.data import ImageToTextDataModule
from nested_lightning.app.image_to_text.model import ImageToText
from nested_lightning.app.image_to_text.predict import ImageToTextPredictor
from nested_lightning.app.image_to_text.vocabulary import PAD
from nested_lightning.app.pictures.encoding import encode_picture
from nested_lightning.app.report.classes import score_logits
from nested_lightning.app.report.contents import Block, Picture, Pictures, SectionMaker, Table, Text
from nested_lightning.app.report.family_sections import SampleErrors
from nested_lightning.app.report.importance import MAX_ROWS, evenly, input_importance, submodule_importance
from nested_lightning.app.report.scores import Resampling

_MOST_SHOWN, _MOST_MAPS, _MOST_WORDS = 24, 6, 16
_SIDE = 96
"""Pixels of a picture's side."""
Pieces = Sequence[tuple[str, bool]]
"""Words, and whether each is wrong."""


@dataclass(kw_only=True, eq=False)
class ImageToTextSections:
    """Sections on captions; see `FamilySections`."""

    model: ImageToText
    predictor: ImageToTextPredictor
    datamodule: ImageToTextDataModule
    _generated: dict[PartName, Sequence[str]] = field(default_factory=dict, init=False)

    def sections(self, part: PartName) -> Mapping[str, SectionMaker]:
        """Return what makes the sections."""
        return {
            "Captions": partial(self._captions, part),
            "Attention": partial(self._attention, part),
            "Importance": partial(self._importance, part),
        }

    def resampling(self, part: PartName) -> Resampling:
        """Return what scores the captions of some pictures."""
        captions = self.datamodule.part(part).captions
        score = some_scores(self._write(part), captions)
        return Resampling(num_samples=len(captions), score=lambda rows: score(torch.from_numpy(rows)))

    def sample_errors(self, part: PartName) -> SampleErrors:
        """Return which captions are none of a picture's."""
        captions, names = self.datamodule.part(part).captions, self.datamodule.names(part)
        pairs = zip(self._write(part), captions, strict=True)
        return SampleErrors(
            samples=list(zip(names, captions, strict=True)),
            errors=[float(one not in several) for one, several in pairs],
            of="matches no caption",
        )

    def _write(self, part: PartName) -> Sequence[str]:
        """Return a caption for each picture of a part, which are written once."""
        if part not in self._generated:
            said = self.predictor.predict(self.datamodule.part(part).pictures)
            self._generated[part] = [caption.text for caption in said]
        return self._generated[part]

    def _captions(self, part: PartName) -> Sequence[Block]:
        rows, generated = self.datamodule.part(part), self._write(part)
        nearest = [find_nearest(*pair) for pair in zip(generated, rows.captions, strict=True)]
        marked = [mark_wrong(*pair) for pair in zip(generated, nearest, strict=True)]
        order = sorted(range(len(rows)), key=lambda i: -wrong_share(marked[i], nearest[i]))
        names = self.datamodule.names(part)
        shown = [
            Picture(
                content=_to_png(rows.pictures[i]),
                alt=f"{names[i]}: generated '{generated[i]}', written '{nearest[i]}'",
                caption=[*marked[i], *_written(marked[i], nearest[i])],
            )
            for i in order[:_MOST_SHOWN]
        ]
        num_right = sum(one in several for one, several in zip(generated, rows.captions, strict=True))
        note = (
            f"{part} part: {num_right:,} of {len(rows):,} captions are as a person wrote them. Shown are"
            f" {len(shown)} of {len(rows):,}, those with most wrong words first; wrong words are underlined."
        )
        return [
            Pictures(title="Captions, worst first", pictures=shown, note=note),
            wrong_words(marked, nearest),
        ]

    def _attention(self, part: PartName) -> Sequence[Block]:
        rows, names = self.datamodule.part(part), self.datamodule.names(part)
        maps = attention_maps(self.model, rows.pictures[:_MOST_MAPS])
        if maps is None:
            return [Text(text="The decoder attends to no places of a picture, so there is nothing to map.")]
        said = f"The first {len(maps)} of {len(rows):,} pictures of the {part} part"
        shown = [
            Pictures(title=name, pictures=[_looked_at(picture, *word) for word in words[:_MOST_WORDS]])
            for name, picture, words in zip(names, rows.pictures, maps, strict=False)
        ]
        return [Text(text=f"{said}; light is where the decoder looked for each word."), *shown]

    def _importance(self, part: PartName) -> Sequence[Block]:
        rows, names = self.datamodule.part(part), ("image_encoder", "bridge", "text_decoder")
        some = rows[evenly(len(rows), MAX_ROWS // 10)]
        where = f"{part} part, {len(some):,} of {len(rows):,} pictures"
        modules = {name: getattr(self.model, name) for name in names}
        pictures = {"picture": lambda order: self._score(replace(some, pictures=some.pictures[order]))}
        score = partial(self._score, some)
        return [
            *input_importance(pictures, score(), num_rows=len(some), of="input", where=where),
            *submodule_importance(modules, score, where=where),
        ]

    @torch.inference_mode()
    def _score(self, rows: CaptionBatch) -> dict[str, float]:
        """Return log loss and accuracy of the next word of each picture's first caption."""
        logits, targets = [], []
        for indices in torch.arange(len(rows)).split(self.predictor.batch_size):
            batch = rows[indices].to(self.model.device)
            tokens = batch.text[:, 0]
            logits.append(self.model(batch.pictures, tokens[:, :-1]).float()[tokens[:, 1:] != PAD])
            targets.append(tokens[:, 1:][tokens[:, 1:] != PAD])
        return score_logits(torch.cat(logits), torch.cat(targets))


def _looked_at(picture: Tensor, word: str, weights: Tensor) -> Picture:
    return Picture(content=_to_png(picture, weights=weights), alt=word, caption=[(word, False)])


def _to_png(picture: Tensor, *, weights: Tensor | None = None) -> bytes:
    """Return a PNG file of a picture, uint8 of [3, S, S], darkened where weights, [h, w], are small."""
    values = picture.cpu().float() / 255
    values = F.interpolate(values[None], size=(_SIDE, _SIDE), mode="nearest")[0]
    if weights is not None:
        share = weights.float() / weights.max().clamp_min(1e-12)
        shown = F.interpolate(share[None, None], size=(_SIDE, _SIDE), mode="bilinear")[0]
        values = values * (0.15 + 0.85 * shown)
    return encode_picture((values.clamp(0, 1) * 255).round().to(torch.uint8).numpy())


def mark_wrong(generated: str, nearest: str) -> Pieces:
    """Return the words of a generated caption, those that the nearest written one hasn't as wrong."""
    words, right = generated.split(), nearest.split()
    marked: list[tuple[str, bool]] = []
    for tag, start, stop, _, _ in SequenceMatcher(None, words, right, autojunk=False).get_opcodes():
        marked += [(word, tag != "equal") for word in words[start:stop]]
    return marked


def _written(marked: Pieces, nearest: str) -> Pieces:
    """Return what a person wrote, where that is something else."""
    is_right = [word for word, _ in marked] == nearest.split()
    return [] if is_right else [(f"(right: {nearest})", False)]


def wrong_share(marked: Pieces, nearest: str) -> float:
    """Return the share of words that are wrong or lacking."""
    num_right = sum(not is_wrong for _, is_wrong in marked)
    return 1 - num_right / max(len(marked), len(nearest.split()), 1)


def wrong_words(marked: Sequence[Pieces], nearest: Sequence[str]) -> Table:
    """Return which words are written wrongly, and which are lacking, how often."""
    superfluous = Counter(word for one in marked for word, is_wrong in one if is_wrong)
    lacking: Counter[str] = Counter()
    for one, right in zip(marked, nearest, strict=True):
        lacking += Counter(right.split()) - Counter(word for word, is_wrong in one if not is_wrong)
    words = sorted({*superfluous, *lacking}, key=lambda word: -(superfluous[word] + lacking[word]))
    return Table(
        title="Words that went wrong",
        columns=["word", "written wrongly", "lacking"],
        rows=[[word, superfluous[word], lacking[word]] for word in words],
    )
