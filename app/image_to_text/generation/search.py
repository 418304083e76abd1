"""What all ways of generating captions share.

Shapes: N captions, L tokens of the longest generated caption, V tokens in the vocabulary.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import torch
from torch import Tensor

State: TypeAlias = tuple[Tensor, ...]
"""What a decoder remembers of each caption; each tensor is of [N, …]."""

Step: TypeAlias = Callable[[Tensor, State], tuple[Tensor, State]]
"""Takes the last token of each caption, int64 of [N], and the state; gives log-probabilities of [N, V]."""


@dataclass(frozen=True, kw_only=True)
class SpecialTokens:
    """Indices of the tokens that begin, end and fill up captions."""

    begin: int
    end: int
    pad: int


@dataclass(frozen=True, kw_only=True)
class GeneratedTokens:
    """Generated captions.

    Attributes:
        tokens: [N, L], int64, without the begin token; padding stands after the end token. A caption that
            reached the longest length has no end token.
        log_probabilities: [N], float32, of each whole caption with its end token, under the model.
        alternatives: All that were found, the best first, each with an entry for each caption; minus
            infinity is the log-probability of what isn't there.
    """

    tokens: Tensor
    log_probabilities: Tensor
    alternatives: tuple["GeneratedTokens", ...] = ()


class Generation(Protocol):
    """Generates captions from a decoder's steps."""

    def __call__(
        self, step: Step, state: State, *, special: SpecialTokens, max_length: int
    ) -> GeneratedTokens:
        """Generate one caption for each entry of the decoder's state, which is that before the first token.

        A caption has ``max_length`` tokens at most, the end token included.
        """


def first_tokens(state: State, special: SpecialTokens) -> Tensor:
    """Return the begin token for each caption of a state, [N]."""
    return torch.full((len(state[0]),), special.begin, dtype=torch.int64, device=state[0].device)


def select(state: State, rows: Tensor) -> State:
    """Return the state of the captions ``rows``, int64 of any number; a caption may be repeated."""
    return tuple(tensor.index_select(0, rows) for tensor in state)


class OneByOneSearch(ABC):
    """Extends each caption by one chosen token after the other; one that has ended is stepped no more."""

    @abstractmethod
    def chooser(self) -> Callable[[Tensor], Tensor]:
        """Return what maps log-probabilities of [M, V] to tokens of [M], of the M captions that go on."""

    def __call__(
        self, step: Step, state: State, *, special: SpecialTokens, max_length: int
    ) -> GeneratedTokens:
        """Generate one caption for each entry of the state; see `Generation`."""
        choose = self.chooser()
        last = first_tokens(state, special)
        going_on = torch.arange(len(last), device=last.device)
        total = torch.zeros(len(last), device=last.device)
        tokens = last.new_full((len(last), max_length), special.pad)
        length = 0
        while len(going_on) and length < max_length:
            log_probabilities, state = step(last, state)
            last = choose(log_probabilities)
            tokens[going_on, length] = last
            total[going_on] += log_probabilities.float().gather(1, last.unsqueeze(1)).squeeze(1)
            length += 1
            is_open = last != special.end
            if not bool(is_open.all()):
                going_on, last, state = (
                    going_on[is_open],
                    last[is_open],
                    select(state, is_open.nonzero()[:, 0]),
                )
        return GeneratedTokens(tokens=tokens[:, :length], log_probabilities=total)


class FirstStep:
    """Calls the decoder once, and ends each caption there, without looking at values."""

    def __call__(
        self, step: Step, state: State, *, special: SpecialTokens, max_length: int
    ) -> GeneratedTokens:
        """Return captions of the end token alone; see `Generation`."""
        log_probabilities, _ = step(first_tokens(state, special), state)
        tokens = torch.full((len(log_probabilities), 1), special.end, device=log_probabilities.device)
        return GeneratedTokens(tokens=tokens, log_probabilities=log_probabilities[:, special.end])
