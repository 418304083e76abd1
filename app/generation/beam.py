"""Beam search.

Shapes: N captions, K beams of each, L tokens, V tokens in the vocabulary.
"""

import torch
from torch import Tensor

from app.generation.search import GeneratedTokens, SpecialTokens, State, Step, first_tokens, select


class BeamSearch:
    """Keeps the ``num_beams`` best beginnings of each caption and gives the best whole caption.

    A caption is rated by ``log_probability / ((5 + length) / 6) ** length_penalty`` (Wu et al.,
    https://arxiv.org/abs/1609.08144), its length counted with the end token. A caption's search ends when
    none of its unfinished beginnings can come to a better rating than its best finished one.

    Args:
        num_beams: K, at least 1.
        length_penalty: 0: the log-probability alone; more prefers longer captions.
    """

    def __init__(self, *, num_beams: int = 5, length_penalty: float = 0.0) -> None:
        self.num_beams = num_beams
        self.length_penalty = length_penalty

    def __call__(
        self, step: Step, state: State, *, special: SpecialTokens, max_length: int
    ) -> GeneratedTokens:
        """Search one caption for each entry of the state; see `Generation`."""
        num, k = len(state[0]), self.num_beams
        rows = torch.arange(num, device=state[0].device)
        state = select(state, rows.repeat_interleave(k))
        last = first_tokens(state, special)
        scores = torch.full((num, k), -torch.inf, device=last.device)
        scores[:, 0] = 0.0  # all beams are alike at the beginning
        lengths = torch.zeros_like(scores)
        is_ended = torch.zeros_like(scores, dtype=torch.bool)
        tokens = last.new_empty(num, k, 0)
        for _ in range(max_length):
            log_probabilities, state = step(last, state)
            extended = _extend(scores, log_probabilities.float(), is_ended, pad=special.pad)
            ratings = self._rate(extended, (lengths + ~is_ended).unsqueeze(2))
            chosen = ratings.flatten(start_dim=1).topk(k, dim=1).indices
            beams, last = chosen // extended.shape[2], chosen % extended.shape[2]
            scores = extended.flatten(start_dim=1).gather(1, chosen)
            was_ended = is_ended.gather(1, beams)
            lengths = lengths.gather(1, beams) + ~was_ended
            is_ended = was_ended | (last == special.end)
            kept = tokens.gather(1, beams.unsqueeze(2).expand(-1, -1, tokens.shape[2]))
            tokens = torch.cat([kept, last.unsqueeze(2)], dim=2)
            state = select(state, (rows.unsqueeze(1) * k + beams).flatten())
            last = last.flatten()
            if self._is_decided(scores, lengths, is_ended, max_length):
                break
        best = self._rate(scores, lengths).masked_fill(
            ~is_ended & is_ended.any(dim=1, keepdim=True), -torch.inf
        )
        winners = best.argmax(dim=1)
        return GeneratedTokens(tokens=tokens[rows, winners], log_probabilities=scores[rows, winners])

    def _rate(self, scores: Tensor, lengths: Tensor) -> Tensor:
        return scores / ((5 + lengths) / 6) ** self.length_penalty

    def _is_decided(self, scores: Tensor, lengths: Tensor, is_ended: Tensor, max_length: int) -> bool:
        """Return whether no unfinished beam of any caption can still win."""
        finished = self._rate(scores, lengths).masked_fill(~is_ended, -torch.inf).amax(dim=1)
        longest = torch.full_like(scores, max_length)  # log-probabilities only fall, penalties only rise
        hoped = self._rate(scores, longest).masked_fill(is_ended, -torch.inf).amax(dim=1)
        return bool((finished >= hoped).all())


def _extend(scores: Tensor, log_probabilities: Tensor, is_ended: Tensor, *, pad: int) -> Tensor:
    """Return the log-probability of each beam with each token behind it, [N, K, V]."""
    steps = log_probabilities.unflatten(0, scores.shape)
    only_pad = torch.full_like(steps[0, 0], -torch.inf)
    only_pad[pad] = 0.0  # an ended caption stays as it is
    return scores.unsqueeze(2) + torch.where(is_ended.unsqueeze(2), only_pad, steps)
