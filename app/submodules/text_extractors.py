"""Feature extractors of texts and of sequences: words or steps in, one vector out.

Each is given ``out_features``, which are F_out, and publishes them. One of texts is given ``in_features``,
the number of different words, of which 0 is none, and ``max_length``, L; one of sequences F_in and
``num_steps``, L.

Shapes: B rows, L words or steps of a row, F_in numbers of a step, H hidden features of a direction, F_out
features of the vector.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nested_lightning.app.submodules.recurrence import read_both_ways


class BagOfWords(nn.Module):
    """The mean of words' embeddings, dropout, and a linear layer; their order is of no account.

    Args:
        embedding_features: Width of a word's embedding.
        dropout: Share of the mean set to zero in training, in [0, 1).
    """

    def __init__(
        self,
        *,
        in_features: int,
        max_length: int,
        embedding_features: int = 64,
        out_features: int = 32,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.max_length = max_length
        self.out_features = out_features
        self.embedding = nn.EmbeddingBag(in_features, embedding_features, mode="mean", padding_idx=0)
        self.project = nn.Sequential(
            nn.ReLU(), nn.Dropout(dropout), nn.Linear(embedding_features, out_features)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map words of [B, L], int32, 0 after the last one, to [B, F_out]."""
        return self.project(self._mean(x) if torch.compiler.is_exporting() else self.embedding(x))

    def _mean(self, x: Tensor) -> Tensor:
        """Return what the bag gives; in ONNX that would be a loop over rows, and many times as slow."""
        is_word_BL1 = (x != 0).unsqueeze(2)
        sum_BE = (F.embedding(x, self.embedding.weight) * is_word_BL1).sum(dim=1)
        return sum_BE / is_word_BL1.sum(dim=1).clamp(min=1)


class RecurrentTextExtractor(nn.Module):
    """Embeddings of words, read by a GRU both ways, see `PooledGru`.

    Args:
        embedding_features: Width of a word's embedding.
        hidden_features: H.
        dropout: Share of embeddings and of the pooled features set to zero in training, in [0, 1).
    """

    def __init__(
        self,
        *,
        in_features: int,
        max_length: int,
        embedding_features: int = 64,
        hidden_features: int = 32,
        out_features: int = 32,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.max_length = max_length
        self.out_features = out_features
        self.embedding = nn.Embedding(in_features, embedding_features, padding_idx=0)
        self.dropout = nn.Dropout(dropout)
        self.read = PooledGru(embedding_features, hidden_features, out_features, dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map words of [B, L], int32, 0 after the last one, to [B, F_out]."""
        return self.read(self.dropout(self.embedding(x)), x != 0)


class RecurrentSequenceExtractor(nn.Module):
    """Steps, read by a GRU both ways, see `PooledGru`.

    The last number of a step is 1, and 0 where there is no such step.

    Args:
        hidden_features: H.
        dropout: Share of the pooled features set to zero in training, in [0, 1).
    """

    def __init__(
        self,
        *,
        in_features: int,
        num_steps: int,
        hidden_features: int = 32,
        out_features: int = 32,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.num_steps = num_steps
        self.out_features = out_features
        self.read = PooledGru(in_features, hidden_features, out_features, dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map steps of [B, L, F_in] to [B, F_out]."""
        return self.read(x, x[..., -1] > 0)


class PooledGru(nn.Module):
    """A GRU both ways; mean and largest value of each of its features over the steps; a linear layer.

    Args:
        in_features: F_in.
        hidden_features: H.
        out_features: F_out.
        dropout: Share of the pooled features set to zero in training, in [0, 1).
    """

    def __init__(self, in_features: int, hidden_features: int, out_features: int, dropout: float) -> None:
        super().__init__()
        self.gru = nn.GRU(in_features, hidden_features, batch_first=True, bidirectional=True)
        self.project = nn.Sequential(nn.Dropout(dropout), nn.Linear(4 * hidden_features, out_features))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Map [B, L, F_in], and True of [B, L] where there is a step, to [B, F_out]."""
        read_BLH = read_both_ways(self.gru, x, mask)
        mean_BH = read_BLH.sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp(min=1)
        return self.project(torch.cat([mean_BH, read_BLH.amax(dim=1)], dim=1))
