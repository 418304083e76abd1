"""Greedy generation."""

from nested_lightning.app.image_to_text.generation.search import (
    GeneratedTokens,
    SpecialTokens,
    State,
    Step,
    generate_one_by_one,
)


class GreedySearch:
    """Takes the most probable token at each step."""

    def __call__(
        self, step: Step, state: State, *, special: SpecialTokens, max_length: int
    ) -> GeneratedTokens:
        """Generate one caption for each entry of the state; see `Generation`."""
        return generate_one_by_one(
            step,
            state,
            choose=lambda log_probabilities: log_probabilities.argmax(dim=1),
            special=special,
            max_length=max_length,
        )
