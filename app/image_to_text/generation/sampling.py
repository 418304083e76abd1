"""Nucleus sampling."""

from dataclasses import dataclass

import torch
from torch import Tensor

from nested_lightning.app.image_to_text.generation.search import (
    GeneratedTokens,
    SpecialTokens,
    State,
    Step,
    generate_one_by_one,
)


@dataclass(frozen=True, kw_only=True)
class NucleusSampling:
    """Draws from the fewest tokens that hold ``top_p`` of the probability (https://arxiv.org/abs/1904.09751).

    The log-probabilities that it gives are the model's own, without temperature or nucleus.

    Args:
        top_p: Share of the probability that is drawn from, in (0, 1].
        temperature: Logits are divided by it, above 0.
        seed: Each call draws anew from this seed.
    """

    top_p: float = 0.9
    temperature: float = 1.0
    seed: int = 0

    def __call__(
        self, step: Step, state: State, *, special: SpecialTokens, max_length: int
    ) -> GeneratedTokens:
        """Draw one caption for each entry of the state; see `Generation`."""
        generator = torch.Generator().manual_seed(self.seed)
        return generate_one_by_one(
            step,
            state,
            choose=lambda log_probabilities: self._draw(log_probabilities, generator),
            special=special,
            max_length=max_length,
        )

    def _draw(self, log_probabilities: Tensor, generator: torch.Generator) -> Tensor:
        probabilities = (log_probabilities.float() / self.temperature).softmax(dim=1).cpu()
        ordered, order = probabilities.sort(dim=1, descending=True)
        before = ordered.cumsum(dim=1) - ordered
        nucleus = ordered.masked_fill(before >= self.top_p, 0.0)
        nucleus[:, 0] = ordered[:, 0]
        drawn = torch.multinomial(nucleus, 1, generator=generator)
        return order.gather(1, drawn).squeeze(1).to(log_probabilities.device)
