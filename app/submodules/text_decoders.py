"""Recurrent text decoders: the tokens so far and a picture in, logits of the next token out.

A decoder is given what a bridge makes of a picture (see `app.submodules.bridges`) when a caption is begun,
and keeps what it needs of it in its state: a tuple of tensors whose first dimension is the caption's, so that
captions can be reordered and repeated. Every decoder takes every role of a bridge. Its ``forward`` reads
tokens of [B, T], int64, from a state that ``start`` or an earlier call gave; it returns logits of [B, T, V],
each of the token after, and the state after the last token. It is given ``in_features``, which are F_in, the
width of what the bridge gives, ``out_features``, V, and the bridge's ``role``, and publishes them.

Shapes: B captions, T tokens, E width of an embedding, H width of the hidden state, F_in features of the
bridge, P positions of the grid, V tokens in the vocabulary.
"""

from typing import ClassVar, TypeAlias

import torch
from torch import Tensor, nn

from nested_lightning.app.submodules.bridges import Role


class AdditiveAttention(nn.Module):
    """Weighs the positions of a memory by a query.

    Args:
        query_features: Q.
        memory_features: M.
    """

    def __init__(self, *, query_features: int, memory_features: int) -> None:
        super().__init__()
        self.query = nn.Linear(query_features, memory_features)
        self.key = nn.Linear(memory_features, memory_features, bias=False)
        self.score = nn.Linear(memory_features, 1, bias=False)
        self.gate = nn.Linear(query_features, memory_features)

    def keys(self, memory: Tensor) -> Tensor:
        """Return the keys of a memory of [B, P, M], which stay the same for all queries."""
        return self.key(memory)

    def forward(self, query: Tensor, memory: Tensor, keys: Tensor) -> Tensor:
        """Return the gated mean of ``memory`` of [B, P, M], weighed by ``query`` of [B, Q]: [B, M]."""
        seen = (self._weights(query, keys) * memory).sum(dim=1)
        return self.gate(query).sigmoid() * seen

    def attention_weights(self, query: Tensor, memory: Tensor, keys: Tensor) -> Tensor:
        """Return how the positions are weighed by what `forward` takes: [B, 1, P], which sums to 1."""
        del memory
        return self._weights(query, keys).transpose(1, 2)

    def _weights(self, query: Tensor, keys: Tensor) -> Tensor:
        scores: Tensor = self.score(torch.tanh(keys + self.query(query).unsqueeze(1)))
        return scores.softmax(dim=1)


State: TypeAlias = tuple[Tensor, ...]
"""What a decoder remembers of each caption; each tensor is of [B, …]."""


class RecurrentTextDecoder(nn.Module):
    """Embedding, one recurrent layer, linear layer; what the LSTM and the GRU share.

    Args:
        embedding_dim: E.
        hidden_features: H.
        dropout: Share of embeddings and hidden values set to zero in training, in [0, 1).
    """

    layer: ClassVar[type[nn.LSTM | nn.GRU]]
    num_hidden: ClassVar[int]
    """Number of tensors in the hidden state."""

    def __init__(
        self,
        *,
        in_features: int,
        out_features: int,
        role: Role,
        embedding_dim: int = 128,
        hidden_features: int = 256,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.role = role
        self.hidden_features = hidden_features
        self.embedding = nn.Embedding(out_features, embedding_dim)
        self.dropout = nn.Dropout(dropout)
        is_read_at_every_step = role in ("every_step", "attention")
        width = embedding_dim + in_features * is_read_at_every_step
        self.recurrence = self.layer(width, hidden_features, batch_first=True)
        if role == "initial_state":
            self.initial = nn.Linear(in_features, self.num_hidden * hidden_features)
        elif role == "first_input":
            self.first = nn.Linear(in_features, embedding_dim)
        elif role == "attention":
            self.attention = AdditiveAttention(query_features=hidden_features, memory_features=in_features)
            self.initial = nn.Linear(in_features, self.num_hidden * hidden_features)
        self.output = nn.Linear(hidden_features, out_features)

    def start(self, context: Tensor) -> State:
        """Return the state in which a caption begins, of what the bridge gave: [B, F_in], or [B, P, F_in]."""
        if self.role == "attention":
            return (*self._initial_hidden(context.mean(dim=1)), context)
        if self.role == "initial_state":
            return self._initial_hidden(context)
        zeros = context.new_zeros(context.shape[0], self.hidden_features)
        hidden = (zeros,) * self.num_hidden
        if self.role == "first_input":
            return self._recur(self.first(context).unsqueeze(1), hidden)[1]
        return (*hidden, context)

    def forward(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Read tokens and say what may come next."""
        embedded = self.dropout(self.embedding(tokens))
        hidden, context = state[: self.num_hidden], state[self.num_hidden :]
        if self.role == "attention":
            outputs, hidden = self._recur_attending(embedded, hidden, context[0])
        else:
            if context:
                steps = context[0].unsqueeze(1).expand(-1, embedded.shape[1], -1)
                embedded = torch.cat([embedded, steps], dim=2)
            outputs, hidden = self._recur(embedded, hidden)
        return self.output(self.dropout(outputs)), (*hidden, *context)

    def _initial_hidden(self, context: Tensor) -> State:
        return self.initial(context).tanh().chunk(self.num_hidden, dim=1)

    def _recur(self, x: Tensor, hidden: State) -> tuple[Tensor, State]:
        """Map inputs of [B, T, …] and the hidden state, each of [B, H], to outputs [B, T, H] and a state."""
        given = tuple(one.unsqueeze(0) for one in hidden)
        output, last = self.recurrence(x, given if self.num_hidden > 1 else given[0])
        return output, tuple(one.squeeze(0) for one in (last if self.num_hidden > 1 else (last,)))

    def _recur_attending(self, embedded: Tensor, hidden: State, memory: Tensor) -> tuple[Tensor, State]:
        keys = self.attention.keys(memory)
        outputs = []
        for x in embedded.unbind(dim=1):
            seen = self.attention(hidden[0], memory, keys)
            output, hidden = self._recur(torch.cat([x, seen], dim=1).unsqueeze(1), hidden)
            outputs.append(output)
        return torch.cat(outputs, dim=1), hidden


class LstmTextDecoder(RecurrentTextDecoder):
    """Embedding, LSTM, linear layer; the hidden state is the output and the cell."""

    layer = nn.LSTM
    num_hidden = 2


class GruTextDecoder(RecurrentTextDecoder):
    """Embedding, GRU, linear layer; the hidden state is the output."""

    layer = nn.GRU
    num_hidden = 1
