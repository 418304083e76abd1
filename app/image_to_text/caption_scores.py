"""Scores of generated captions against what people wrote."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torchmetrics import MeanMetric
from torchmetrics.classification import MulticlassAccuracy
from torchmetrics.functional.text import word_error_rate
from torchmetrics.text import BLEUScore, CHRFScore, Perplexity, WordErrorRate

from nested_lightning.app.image_to_text.vocabulary import PAD


class CaptionScores(nn.Module):
    """Exact match, word error rate, BLEU-4 and chrF over all captions that it was updated with.

    A generated caption matches if it equals one of a picture's captions; its word errors are counted against
    the one that it is nearest to. BLEU (Papineni et al. 2002) counts sequences of up to four words, chrF
    (Popović 2015) sequences of up to six characters.
    """

    def __init__(self) -> None:
        super().__init__()
        self.exact_match = MeanMetric()
        self.word_error_rate = WordErrorRate()
        self.bleu4 = BLEUScore(n_gram=4)
        self.chrf = CHRFScore(n_char_order=6, n_word_order=0)

    def update(self, generated: Sequence[str], captions: Sequence[Sequence[str]]) -> None:
        """Add captions, and for each one those that people wrote, at least one."""
        if not generated:
            return
        references = [list(several) for several in captions]
        matches = [float(one in several) for one, several in zip(generated, references, strict=True)]
        nearest = [find_nearest(one, several) for one, several in zip(generated, references, strict=True)]
        self.exact_match.update(torch.tensor(matches))
        self.word_error_rate.update(list(generated), nearest)
        self.bleu4.update(list(generated), references)
        self.chrf.update(list(generated), references)

    def compute(self) -> dict[str, Tensor]:
        """Return the scores by name; ``word_accuracy`` is 1 − ``word_error_rate``."""
        error_rate = self.word_error_rate.compute()
        return {
            "exact_match": self.exact_match.compute(),
            "word_error_rate": error_rate,
            "word_accuracy": 1 - error_rate,
            "bleu4": self.bleu4.compute(),
            "chrf": cast(Tensor, self.chrf.compute()),  # a tuple only where sentences are scored too
        }

    def reset(self) -> None:
        """Forget all captions."""
        for score in (self.exact_match, self.word_error_rate, self.bleu4, self.chrf):
            score.reset()


def find_nearest(generated: str, captions: Sequence[str]) -> str:
    """Return the caption that has the fewest word errors, as a share of its own words."""
    return min(captions, key=lambda one: float(word_error_rate([generated], [one])))


class CaptionStageScores(nn.Module):
    """Adds up what one stage logs, under names that begin with it: ``val`` or ``test``."""

    def __init__(self, *, stage: str, num_tokens: int) -> None:
        super().__init__()
        self.stage = stage
        self.loss = MeanMetric()
        self.token_accuracy = MulticlassAccuracy(num_tokens, average="micro", ignore_index=PAD)
        self.perplexity = Perplexity(ignore_index=PAD)
        self.generated = CaptionScores()

    def update_taught(self, loss: Tensor, logits: Tensor, targets: Tensor) -> None:
        """Add captions predicted from the true words: their mean loss of a token, and logits, [N, T, V].

        ``targets`` are [N, T], int64; padding counts nowhere.
        """
        self.loss.update(loss, (targets != PAD).sum())
        self.token_accuracy.update(logits.flatten(end_dim=1), targets.flatten())
        self.perplexity.update(logits.float(), targets)

    def update_generated(self, generated: Sequence[str], captions: Sequence[Sequence[str]]) -> None:
        """Add captions that were generated freely, and for each one those that people wrote."""
        self.generated.update(generated, captions)

    def compute(self) -> dict[str, Tensor]:
        """Return the scores by their names in the log, and begin anew."""
        values = {
            "loss": self.loss.compute(),
            "token_accuracy": self.token_accuracy.compute(),
            "perplexity": self.perplexity.compute(),
            **self.generated.compute(),
        }
        for scores in (self.loss, self.token_accuracy, self.perplexity, self.generated):
            scores.reset()
        return {f"{self.stage}_{name}": value for name, value in values.items()}
