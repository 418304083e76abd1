"""Greedy generation."""

from collections.abc import Callable

from torch import Tensor

from nested_lightning.app.image_to_text.generation.search import OneByOneSearch


class GreedySearch(OneByOneSearch):
    """Takes the most probable token at each step."""

    def chooser(self) -> Callable[[Tensor], Tensor]:
        """Return a function that takes it."""
        return lambda log_probabilities: log_probabilities.argmax(dim=1)
