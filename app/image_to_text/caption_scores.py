"""Scores of generated captions against what people wrote."""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torchmetrics import MeanMetric, Metric
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
        self.exact_match = MeanMetric(compute_with_cache=False)
        self.word_error_rate = WordErrorRate(compute_with_cache=False)
        self.bleu4 = BLEUScore(n_gram=4, compute_with_cache=False)
        self.chrf = CHRFScore(n_char_order=6, n_word_order=0, compute_with_cache=False)

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

    @property
    def sums(self) -> dict[tuple[str, str], Tensor]:
        """What the scores are computed from: a sum over captions for each metric and state."""
        return {
            (name, state): cast(Tensor, value)
            for name, metric in self.named_children()
            for state, value in cast(Metric, metric).metric_state.items()
        }

    def take(self, sums: Mapping[tuple[str, str], Tensor]) -> None:
        """Put the `sums` of other captions in the place of those that it was updated with."""
        for (name, state), value in sums.items():
            setattr(getattr(self, name), state, value)

    def reset(self) -> None:
        """Forget all captions."""
        for score in (self.exact_match, self.word_error_rate, self.bleu4, self.chrf):
            score.reset()


def score_captions(generated: Sequence[str], captions: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return the scores of generated captions against those that people wrote, see `CaptionScores`."""
    scores = CaptionScores()
    scores.update(generated, captions)
    return {name: float(value) for name, value in scores.compute().items()}


def some_scores(
    generated: Sequence[str], captions: Sequence[Sequence[str]]
) -> Callable[[Tensor], dict[str, float]]:
    """Return what gives the `score_captions` of some captions, by their numbers, without counting again."""
    scores, each = CaptionScores(), []
    for one, several in zip(generated, captions, strict=True):
        scores.reset()
        scores.update([one], [several])
        each.append(scores.sums)
    states = {key: torch.stack([own[key] for own in each]) for key in each[0]}

    def score(rows: Tensor) -> dict[str, float]:
        scores.take({key: values[rows].sum(dim=0) for key, values in states.items()})
        return {name: float(value) for name, value in scores.compute().items()}

    return score


def find_nearest(generated: str, captions: Sequence[str]) -> str:
    """Return the caption that has the fewest word errors, as a share of its own words."""
    return min(captions, key=lambda one: float(word_error_rate([generated], [one])))


class CaptionStageScores(nn.Module):
    """Adds up what one stage logs, under names that begin with it: ``val`` or ``test``.

    Attributes:
        generated: Scores of what was generated freely.
    """

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
