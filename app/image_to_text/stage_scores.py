"""What validation and test say of captions: with the true words given, and generated freely.

Shapes: N captions, T tokens, V tokens in the vocabulary.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torchmetrics import MeanMetric
from torchmetrics.classification import MulticlassAccuracy
from torchmetrics.text import Perplexity

from nested_lightning.app.image_to_text.caption_scores import CaptionScores
from nested_lightning.app.image_to_text.vocabulary import PAD


class CaptionStageScores(nn.Module):
    """Adds up what one stage (validation or test) logs.

    Args:
        stage: What names begin with: ``val`` or ``test``.
        num_tokens: V.
    """

    def __init__(self, *, stage: str, num_tokens: int) -> None:
        super().__init__()
        self.stage = stage
        self.loss = MeanMetric()
        self.token_accuracy = MulticlassAccuracy(num_tokens, average="micro", ignore_index=PAD)
        self.perplexity = Perplexity(ignore_index=PAD)
        self.generated = CaptionScores()

    def update_taught(self, loss: Tensor, logits: Tensor, targets: Tensor) -> None:
        """Add captions of which the true words were given.

        Args:
            loss: Their mean loss of a token.
            logits: [N, T, V].
            targets: [N, T], int64; padding counts nowhere.
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
