"""Only the first step of a generation, for checks."""

import torch

from nested_lightning.app.image_to_text.generation.search import (
    GeneratedTokens,
    SpecialTokens,
    State,
    Step,
    first_tokens,
)


class FirstStep:
    """Calls the decoder once, and ends each caption there, without looking at values."""

    def __call__(
        self, step: Step, state: State, *, special: SpecialTokens, max_length: int
    ) -> GeneratedTokens:
        """Return captions of the end token alone; see `Generation`."""
        log_probabilities, _ = step(first_tokens(state, special), state)
        tokens = torch.full((len(log_probabilities), 1), special.end, device=log_probabilities.device)
        return GeneratedTokens(tokens=tokens, log_probabilities=log_probabilities[:, special.end])
