"""Combiners: the groups' vectors in, one vector out; missing groups are ignored.

A combiner's ``forward`` takes G tensors of [B, F_g] and the presence of the groups, [B, G], bool, or None
where every group is there; it returns [B, F_out], zeros for a row without any group. One that has
``takes_stacked`` also takes one tensor of [G, B, F_g], as a stack gives it, where all have one width. It is
given ``in_features``, F_g by the group's name, in order, and publishes ``out_features``, F_out.

Shapes: B rows of a batch, G groups, F_g features of a group's vector, F_out features of the result.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn


class Concatenation(nn.Module):
    """The groups' vectors side by side; a missing group is a stretch of zeros."""

    takes_stacked = True

    def __init__(self, *, in_features: Mapping[str, int]) -> None:
        super().__init__()
        self.in_features = dict(in_features)
        self.out_features = sum(in_features.values())

    def forward(self, vectors: Sequence[Tensor] | Tensor, presence: Tensor | None = None) -> Tensor:
        """Put the vectors side by side: F_out is the sum of all F_g."""
        if isinstance(vectors, Tensor):
            vectors_BGF = vectors.transpose(0, 1)
            return (vectors_BGF if presence is None else vectors_BGF * presence.unsqueeze(2)).flatten(1)
        if presence is not None:
            vectors = [vector * presence[:, [i]] for i, vector in enumerate(vectors)]
        return torch.cat(list(vectors), dim=1)


class GatedSum(nn.Module):
    """A weighted mean of the groups' vectors, whose weights are a softmax over gates of the vectors.

    After the gated multimodal unit (Arevalo et al. 2017, arXiv 1702.01992), with one gate for a group.

    Raises:
        ValueError: The groups' widths differ.
    """

    takes_stacked = True

    def __init__(self, *, in_features: Mapping[str, int]) -> None:
        super().__init__()
        self.in_features = dict(in_features)
        self.out_features = single_width(in_features)
        self.gates = nn.ModuleList(nn.Linear(self.out_features, 1) for _ in in_features)

    def forward(self, vectors: Sequence[Tensor] | Tensor, presence: Tensor | None = None) -> Tensor:
        """Return the mean of the vectors, weighed by their gates."""
        gates_BG = torch.cat([gate(v) for gate, v in zip(self.gates, vectors, strict=True)], dim=1)
        if presence is not None:
            gates_BG = gates_BG.masked_fill(~presence, torch.finfo(gates_BG.dtype).min)
        weights_BG = gates_BG.softmax(dim=1)
        if presence is not None:
            weights_BG = weights_BG * presence
        return torch.einsum("bg,bgf->bf", weights_BG, _rows_first(vectors))


class GroupAttention(nn.Module):
    """Multi-head attention over the groups with one learned query (Vaswani et al. 2017; Lee et al. 2019).

    Each group's vector carries a learned embedding of the group, since attention knows no order.

    Args:
        num_heads: Number of heads.

    Raises:
        ValueError: The groups' widths differ, or aren't a multiple of ``num_heads``.
    """

    takes_stacked = True

    def __init__(self, *, in_features: Mapping[str, int], num_heads: int = 4) -> None:
        super().__init__()
        self.in_features = dict(in_features)
        self.out_features = single_width(in_features)
        if self.out_features % num_heads:
            raise ValueError(f"{self.out_features} features can't be shared by {num_heads} heads evenly")
        self.query = nn.Parameter(torch.randn(1, 1, self.out_features) * 0.02)
        self.group_embedding = nn.Parameter(torch.randn(len(in_features), self.out_features) * 0.02)
        self.attention = nn.MultiheadAttention(self.out_features, num_heads, batch_first=True)
        self.norm = nn.LayerNorm(self.out_features)

    def forward(self, vectors: Sequence[Tensor] | Tensor, presence: Tensor | None = None) -> Tensor:
        """Return what the query finds in the vectors."""
        tokens_BGF = _rows_first(vectors) + self.group_embedding
        query_B1F = self.query.expand(tokens_BGF.shape[0], -1, -1)
        hidden = None if presence is None else ~presence & presence.any(dim=1, keepdim=True)
        pooled_B1F, _ = self.attention(
            query_B1F, tokens_BGF, tokens_BGF, key_padding_mask=hidden, need_weights=False
        )
        pooled_BF: Tensor = self.norm(pooled_B1F.squeeze(1))
        return pooled_BF if presence is None else pooled_BF * presence.any(dim=1, keepdim=True)


def single_width(in_features: Mapping[str, int]) -> int:
    """Return the width that all groups share.

    Raises:
        ValueError: The widths differ.
    """
    if len(set(in_features.values())) != 1:
        widths = ", ".join(f"{group} gives {width}" for group, width in in_features.items())
        raise ValueError(f"all groups need the same width, but {widths}; set their out_features alike")
    return next(iter(in_features.values()))


def _rows_first(vectors: Sequence[Tensor] | Tensor) -> Tensor:
    return vectors.transpose(0, 1) if isinstance(vectors, Tensor) else torch.stack(list(vectors), dim=1)
