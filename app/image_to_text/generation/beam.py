"""Beam search.

Shapes: N captions, K beams of each, M beams that are open, L tokens, V tokens in the vocabulary.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nested_lightning.app.image_to_text.generation.search import (
    GeneratedTokens,
    SpecialTokens,
    State,
    Step,
    select,
)


@dataclass(frozen=True, kw_only=True)
class _Beams:
    """Beginnings of captions; the decoder is stepped for the open ones alone.

    Attributes:
        tokens: [N, K, L], int64, padded after the end token.
        scores: [N, K], log-probabilities; minus infinity where there is no such beam.
        lengths: [N, K], tokens of each, the end token included.
        is_ended: [N, K], whether the end token was written.
        is_open: [N, K], whether it is to be extended.
        state: The decoder's state, [M, …], of the open ones in order.
    """

    tokens: Tensor
    scores: Tensor
    lengths: Tensor
    is_ended: Tensor
    is_open: Tensor
    state: State


@dataclass(frozen=True, kw_only=True)
class BeamSearch:
    """Keeps the ``num_beams`` best beginnings of each caption and gives the best whole caption.

    A caption is rated by ``log_probability / ((5 + length) / 6) ** length_penalty`` (Wu et al.,
    https://arxiv.org/abs/1609.08144), its length counted with the end token. A caption's search ends when
    none of its unfinished beginnings can come to a better rating than its best finished one. All beginnings
    of all captions that are still searched go through the decoder together, and no others.

    Args:
        num_beams: K, at least 1.
        length_penalty: 0: the log-probability alone; more prefers longer captions.
        keeps_all: Whether all K beams are searched to their ends and given as alternatives.
    """

    num_beams: int = 5
    length_penalty: float = 0.0
    keeps_all: bool = False

    def __call__(
        self, step: Step, state: State, *, special: SpecialTokens, max_length: int
    ) -> GeneratedTokens:
        """Search one caption for each entry of the state; see `Generation`."""
        beams = self._begin(state, special)
        while beams.tokens.shape[2] <= max_length and bool(beams.is_open.any()):
            beams = self._extend(beams, step, special, max_length)
        return self._choose(beams)

    def _begin(self, state: State, special: SpecialTokens) -> _Beams:
        """Return one beam for each caption, with the begin token."""
        device = state[0].device
        scores = torch.full((len(state[0]), self.num_beams), -torch.inf, device=device)
        scores[:, 0] = 0.0
        return _Beams(
            tokens=torch.full((*scores.shape, 1), special.begin, dtype=torch.int64, device=device),
            scores=scores,
            lengths=torch.zeros_like(scores),
            is_ended=torch.zeros_like(scores, dtype=torch.bool),
            is_open=scores == 0.0,
            state=state,
        )

    def _extend(self, beams: _Beams, step: Step, special: SpecialTokens, max_length: int) -> _Beams:
        """Return the best beams that are one token longer, and those that are ended already."""
        log_probabilities, state = step(beams.tokens[:, :, -1][beams.is_open], beams.state)
        extended = _add(beams, log_probabilities.float(), pad=special.pad)
        ratings = self._rate(extended, (beams.lengths + beams.is_open).unsqueeze(2))
        chosen = ratings.flatten(start_dim=1).topk(self.num_beams, dim=1).indices
        parents, last = chosen // extended.shape[2], chosen % extended.shape[2]
        grown = _grow(beams, state, parents, last, end=special.end)
        grown = replace(grown, scores=extended.flatten(start_dim=1).gather(1, chosen))
        return _close(grown, self._is_decided(grown, max_length).unsqueeze(1) | grown.scores.isinf())

    def _choose(self, beams: _Beams) -> GeneratedTokens:
        """Return the best ended beam of each caption; the best of all where none has ended."""
        is_beaten = ~beams.is_ended & beams.is_ended.any(dim=1, keepdim=True)
        ratings = self._rate(beams.scores, beams.lengths).masked_fill(is_beaten, -torch.inf)
        order = ratings.argsort(dim=1, descending=True, stable=True)
        best, *others = (_pick(beams, chosen) for chosen in order[:, : None if self.keeps_all else 1].T)
        return replace(best, alternatives=(best, *others)) if self.keeps_all else best

    def _rate(self, scores: Tensor, lengths: Tensor) -> Tensor:
        return scores / ((5 + lengths) / 6) ** self.length_penalty

    def _is_decided(self, beams: _Beams, max_length: int) -> Tensor:
        """Return for each caption, [N], whether none of its open beams can still win, or is wanted."""
        if self.keeps_all:
            return torch.zeros_like(beams.scores[:, 0], dtype=torch.bool)
        ratings = self._rate(beams.scores, beams.lengths)
        longest = torch.full_like(
            beams.scores, max_length
        )  # log-probabilities only fall, penalties only rise
        hopes = self._rate(beams.scores, longest)
        best_ended = ratings.masked_fill(~beams.is_ended, -torch.inf).amax(dim=1)
        return best_ended >= hopes.masked_fill(~beams.is_open, -torch.inf).amax(dim=1)


def _pick(beams: _Beams, chosen: Tensor) -> GeneratedTokens:
    """Return one beam of each caption, int64 of [N]."""
    at = torch.arange(len(chosen), device=chosen.device), chosen
    return GeneratedTokens(tokens=beams.tokens[at][:, 1:], log_probabilities=beams.scores[at])


def _add(beams: _Beams, log_probabilities: Tensor, *, pad: int) -> Tensor:
    """Return the log-probability, [N, K, V], of each beam with each token after it; [M, V] are given."""
    steps = log_probabilities.new_full((*beams.scores.shape, log_probabilities.shape[1]), -torch.inf)
    steps[:, :, pad] = 0.0  # what is not open stays as it is
    steps[beams.is_open] = log_probabilities
    return beams.scores.unsqueeze(2) + steps


def _grow(beams: _Beams, state: State, parents: Tensor, last: Tensor, *, end: int) -> _Beams:
    """Return the beams ``parents``, [N, K], with the tokens ``last``, [N, K], after them."""
    was_open = beams.is_open.gather(1, parents)
    is_ended = beams.is_ended.gather(1, parents) | (was_open & (last == end))
    is_open = was_open & ~is_ended
    places = (beams.is_open.flatten().cumsum(0) - 1).view_as(parents).gather(1, parents)
    tokens = beams.tokens.gather(1, parents.unsqueeze(2).expand(-1, -1, beams.tokens.shape[2]))
    return replace(
        beams,
        tokens=torch.cat([tokens, last.unsqueeze(2)], dim=2),
        lengths=beams.lengths.gather(1, parents) + was_open,
        is_ended=is_ended,
        is_open=is_open,
        state=select(state, places[is_open]),
    )


def _close(beams: _Beams, is_closed: Tensor) -> _Beams:
    """Return the beams with those closed that ``is_closed``, broadcast to [N, K], names."""
    is_open = beams.is_open & ~is_closed
    return replace(beams, is_open=is_open, state=select(beams.state, is_open[beams.is_open].nonzero()[:, 0]))
