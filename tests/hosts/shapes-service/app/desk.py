"""What the service answers, whoever asks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nested_lightning.app.multi_feature.predict import MultiFeaturePredictor
from nested_lightning.app.variant.predict import VariantPredictor

Span = tuple[int, int, str]
"""Where characters of one kind begin, where they end, and their kind."""


@dataclass(frozen=True)
class NamedShape:
    """The most probable name of a shape, and the probability of each name."""

    shape: str
    probabilities: dict[str, float]


class Desk:
    """Answers with both models; it may be asked from many threads at once."""

    def __init__(self, *, shapes: MultiFeaturePredictor, letters: VariantPredictor, max_items: int) -> None:
        self.max_items = max_items
        self._shapes = shapes
        self._letters = letters

    def name_shapes(self, rows: Sequence[Mapping[str, float]]) -> list[NamedShape]:
        """Name the shape of each row of measures."""
        found = self._shapes.predict(rows)
        return [
            NamedShape(name, dict(zip(found.class_names, probabilities, strict=True)))
            for name, probabilities in zip(found.classes, found.probabilities.tolist(), strict=True)
        ]

    def mark_letters(self, texts: Sequence[str]) -> list[list[Span]]:
        """Say from where to where each text has characters of one kind."""
        return [list(found.spans()) for found in self._letters.predict("letters", texts)]
