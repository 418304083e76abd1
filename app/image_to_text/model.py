"""The composite of the family image-to-text.

Shapes: B pictures, K captions of a picture, N captions, T tokens, V tokens in the vocabulary, S width and
height of a picture, F features, h and w height and width of the encoder's grid.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchmetrics import MeanMetric
from typing_extensions import override

from nested_lightning.app.assembly.composite import OneOptimizerComposite
from nested_lightning.app.assembly.protocols import TextDecoder
from nested_lightning.app.image_to_text.batch import (
    CaptionBatch,
    count_targets,
    draw_captions,
    list_captions,
    trim,
)
from nested_lightning.app.image_to_text.caption_samples import CaptionSample
from nested_lightning.app.image_to_text.caption_scores import CaptionStageScores
from nested_lightning.app.image_to_text.generation.search import (
    FirstStep,
    GeneratedTokens,
    Generation,
    SpecialTokens,
    State,
)
from nested_lightning.app.image_to_text.spec import ImageToTextDataSpec
from nested_lightning.app.image_to_text.vocabulary import BEGIN, END, PAD, UNKNOWN, Vocabulary
from nested_lightning.app.processes import mean_over_ranks
from nested_lightning.app.training.meanings import Meaning

NEVER_GENERATED = (PAD, BEGIN, UNKNOWN)
SPECIAL = SpecialTokens(begin=BEGIN, end=END, pad=PAD)


class ImageToText(OneOptimizerComposite):
    """Writes captions for pictures.

    A picture goes through the image encoder, its features through the bridge to the text decoder, which
    gives the probability of each next token. Begin, end, padding and unknown are four tokens; padding counts
    nowhere, and the end counts everywhere.

    Args:
        image_encoder: Maps [B, 3, S, S] to a grid of features [B, F, h, w].
        bridge: Makes of the grid what the decoder is given, see `app.submodules.bridges`.
        text_decoder: Has ``start`` and ``forward``, see `app.submodules.text_decoders`.
        normalization: Maps uint8 pictures to floats.
        augmentation: Varies pictures in training, as floats of 0 to 255; None: not at all.
        vocabulary: Indices of tokens.
        max_length: Tokens of a generated caption at most, the end token included.
        generation: How captions are generated in validation and test, and where no other way is asked for.
        label_smoothing: Share of the target that is given to all tokens alike, in [0, 1).
        num_samples: Captions of each validation and test that are kept in `samples`.
        **options: See `OneOptimizerComposite`.

    Attributes:
        samples: Some captions of the latest validation or test.
    """

    made_anew = ("normalization",)

    def __init__(
        self,
        *,
        image_encoder: nn.Module,
        bridge: nn.Module,
        text_decoder: nn.Module,
        normalization: nn.Module,
        vocabulary: Vocabulary,
        max_length: int,
        generation: Generation,
        augmentation: Callable[[Tensor], Tensor] | None = None,
        label_smoothing: float = 0.0,
        num_samples: int = 8,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.image_encoder = image_encoder
        self.bridge = bridge
        self.text_decoder = text_decoder
        self.normalization = normalization
        self.vocabulary = vocabulary
        self.max_length = max_length
        self.generation = generation
        self.label_smoothing = label_smoothing
        self.num_samples = num_samples
        self.samples: list[CaptionSample] = []
        self._augmentation = augmentation
        self.train_loss = MeanMetric()
        self.val_scores = CaptionStageScores(stage="val", num_tokens=len(vocabulary))
        self.test_scores = CaptionStageScores(stage="test", num_tokens=len(vocabulary))

    @override
    def meanings(self, data_spec: Mapping[str, Any]) -> Iterator[Meaning]:
        spec = ImageToTextDataSpec.from_dict(data_spec)
        words = Meaning(part="text_decoder", what="words", names=spec.tokens)
        yield replace(words, binds="part") if spec.tokenizer else words  # whose own ids are in another order

    def forward(self, pictures: Tensor, tokens: Tensor) -> Tensor:
        """Return logits, [B, T, V], of what comes after each token of each picture's caption.

        ``pictures`` are uint8 of [B, 3, S, S]; ``tokens``, int64 of [B, T], begin with the begin token.
        """
        return self._decode(self.look(pictures), tokens)

    def look(self, pictures: Tensor) -> Tensor:
        """Return what the decoder is given of ``pictures`` of [B, 3, S, S], uint8: [B, …, F]."""
        values = pictures.float()
        if self.training and self._augmentation is not None:
            values = self._augmentation(values)
        return self.bridge(self.image_encoder(self.normalization(values)))

    def begin(self, pictures: Tensor) -> State:
        """Return the state in which captions of ``pictures`` of [B, 3, S, S], uint8, begin."""
        return self._start(self.look(pictures))

    def step(self, last: Tensor, state: State) -> tuple[Tensor, State]:
        """Return what comes after one more token: log-probabilities of [B, V], float32, and the next state.

        ``last`` is the token of each caption, int64 of [B]; ``state`` that of `begin`, or of a step before.
        """
        logits, state = self.text_decoder(last.unsqueeze(1), state)
        is_special = torch.zeros(logits.shape[-1], dtype=torch.bool, device=logits.device)
        is_special[list(NEVER_GENERATED)] = True
        return logits[:, -1].float().masked_fill(is_special, -torch.inf).log_softmax(dim=1), state

    @torch.no_grad()
    def generate(self, pictures: Tensor, generation: Generation | None = None) -> GeneratedTokens:
        """Write a caption for each of ``pictures``, [B, 3, S, S], uint8, as it was set or asked for."""
        return self._write(self.look(pictures), generation or self.generation)

    def describe(self, pictures: Tensor) -> list[str]:
        """Return a caption in words for each of ``pictures``, [B, 3, S, S], uint8."""
        return self._in_words(self.generate(pictures))

    def training_step(self, batch: CaptionBatch, batch_idx: int) -> Tensor:
        """Return the loss of one batch; of several captions of a picture, one is drawn."""
        text = trim(draw_captions(batch.text))
        logits = self(batch.pictures, text[:, :-1])
        loss, num_targets = self._loss(logits, text[:, 1:]), count_targets(text)
        self.train_loss.update(loss.detach(), num_targets)
        return mean_over_ranks(loss, num_targets)

    def validation_step(self, batch: CaptionBatch, batch_idx: int) -> None:
        """Add one batch to the validation's loss and scores, and generate its captions."""
        self._score(batch, batch_idx, self.val_scores)

    def test_step(self, batch: CaptionBatch, batch_idx: int) -> None:
        """Add one batch to the test's loss and scores, and generate its captions."""
        self._score(batch, batch_idx, self.test_scores)

    def predict_step(self, batch: CaptionBatch, batch_idx: int) -> list[str]:
        """Return a caption in words for each picture of a batch."""
        return self.describe(batch.pictures)

    def on_train_epoch_end(self) -> None:
        """Log the epoch's mean training loss of a token."""
        self.log_whole({"train_loss": self.train_loss.compute()})
        self.train_loss.reset()

    def on_validation_epoch_end(self) -> None:
        """Log ``val_loss``, the scores of tokens, and the scores of generated captions."""
        self.log_dict(self.val_scores.compute())

    def on_test_epoch_end(self) -> None:
        """Log ``test_loss``, the scores of tokens, and the scores of generated captions."""
        self.log_dict(self.test_scores.compute())

    def _decode(self, context: Tensor, tokens: Tensor) -> Tensor:
        logits, _ = self.text_decoder(tokens, self._start(context))
        return logits

    def _write(self, context: Tensor, generation: Generation) -> GeneratedTokens:
        if context.is_meta:  # a check: no token has a value there, so there is nothing to choose by
            generation = FirstStep()
        return generation(self.step, self._start(context), special=SPECIAL, max_length=self.max_length)

    def _start(self, context: Tensor) -> State:
        return cast(TextDecoder, self.text_decoder).start(context)

    def _loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(
            logits.flatten(end_dim=1).float(),
            targets.flatten(),
            ignore_index=PAD,
            label_smoothing=self.label_smoothing,
        )

    def _score(self, batch: CaptionBatch, batch_idx: int, scores: CaptionStageScores) -> None:
        rows, text = list_captions(batch.text)
        text = trim(text)
        context = self.look(batch.pictures)
        logits = self._decode(context.index_select(0, rows), text[:, :-1])
        scores.update_taught(self._loss(logits, text[:, 1:]), logits, text[:, 1:])
        generated = self._in_words(self._write(context, self.generation))
        scores.generated.update(generated, batch.captions)
        if batch_idx == 0 and not context.is_meta:
            self.samples = _take_samples(batch, generated, self.num_samples)

    def _in_words(self, generated: GeneratedTokens) -> list[str]:
        return [self.vocabulary.decode(row) for row in generated.tokens.tolist()]


def _take_samples(batch: CaptionBatch, generated: Sequence[str], num: int) -> list[CaptionSample]:
    rows = torch.linspace(0, len(batch) - 1, min(num, len(batch))).round().int().tolist()
    return [
        CaptionSample(
            picture=batch.pictures[row].cpu(), captions=batch.captions[row], generated=generated[row]
        )
        for row in rows
    ]
