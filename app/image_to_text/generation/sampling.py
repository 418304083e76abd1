"""Nucleus sampling."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor

from nested_lightning.app.image_to_text.generation.search import OneByOneSearch


@dataclass(frozen=True, kw_only=True)
class NucleusSampling(OneByOneSearch):
    """Draws from the fewest tokens that hold ``top_p`` of the probability (https://arxiv.org/abs/1904.09751).

    The log-probabilities that it gives are the model's own, without temperature or nucleus.

    Args:
        top_p: Share of the probability that is drawn from, in (0, 1].
        temperature: Logits are divided by it, above 0.
        seed: Each call draws anew from this seed.
    """

    is_drawn: ClassVar[bool] = True
    """What is drawn depends on what is drawn together."""

    top_p: float = 0.9
    temperature: float = 1.0
    seed: int = 0

    def chooser(self) -> Callable[[Tensor], Tensor]:
        """Return a function that draws, starting from the seed."""
        return partial(self._draw, generator=torch.Generator().manual_seed(self.seed))

    def _draw(self, log_probabilities: Tensor, generator: torch.Generator) -> Tensor:
        probabilities = (log_probabilities.float() / self.temperature).softmax(dim=1).cpu()
        ordered, order = probabilities.sort(dim=1, descending=True)
        before = ordered.cumsum(dim=1) - ordered
        nucleus = ordered.masked_fill(before >= self.top_p, 0.0)
        nucleus[:, 0] = ordered[:, 0]
        drawn = torch.multinomial(nucleus, 1, generator=generator)
        return order.gather(1, drawn).squeeze(1).to(log_probabilities.device)
