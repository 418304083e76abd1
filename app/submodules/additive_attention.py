"""Additive attention (Bahdanau et al., https://arxiv.org/abs/1409.0473), gated as in Show, Attend and Tell.

Shapes: B captions, P positions, Q features of the query, M features of the memory.
"""

import torch
from torch import Tensor, nn


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
        scores = self.score(torch.tanh(keys + self.query(query).unsqueeze(1)))
        seen = (scores.softmax(dim=1) * memory).sum(dim=1)
        return self.gate(query).sigmoid() * seen
