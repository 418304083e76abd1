"""A small Transformer decoder with a cache of what it has read.

Shapes: B captions, T tokens, S tokens read before, H width of the model, N heads, F_in features of the
bridge, P positions of the grid, V tokens in the vocabulary.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nested_lightning.app.submodules.bridges import Role
from nested_lightning.app.submodules.text_decoders import State


class TransformerTextDecoder(nn.Module):
    """Masked self-attention over the tokens so far (Vaswani et al., https://arxiv.org/abs/1706.03762).

    See `app.submodules.text_decoders`. Of a bridge's roles, ``initial_state`` and ``first_input`` are read as
    a first position, which is what a Transformer's state consists of; ``every_step`` is added to each token;
    ``attention`` is attended to in each layer. Layers are normalised before, not after.

    Args:
        hidden_features: H, an even multiple of ``num_heads``.
        num_layers: Number of layers.
        num_heads: N.
        dropout: Share of values set to zero in training, in [0, 1).
    """

    def __init__(
        self,
        *,
        in_features: int,
        out_features: int,
        role: Role,
        hidden_features: int = 256,
        num_layers: int = 2,
        num_heads: int = 4,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if hidden_features % num_heads or hidden_features % 2:
            raise ValueError(
                f"hidden_features {hidden_features} must be even and a multiple of num_heads {num_heads}"
            )
        self.in_features = in_features
        self.out_features = out_features
        self.role = role
        self.hidden_features = hidden_features
        self.embedding = nn.Embedding(out_features, hidden_features)
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.context = nn.Linear(in_features, hidden_features)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(
            TransformerLayer(
                features=hidden_features, num_heads=num_heads, dropout=dropout, has_memory=role == "attention"
            )
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(hidden_features)
        self.output = nn.Linear(hidden_features, out_features)

    def start(self, context: Tensor) -> State:
        """Return the state in which a caption begins, of what the bridge gave: [B, F_in], or [B, P, F_in].

        It is the picture's part, [B, …, H], and what each layer has read, [B, S, H].
        """
        seen = self.context(context)
        nothing = tuple(seen.new_zeros(seen.shape[0], 0, self.hidden_features) for _ in self.layers)
        if self.role in ("initial_state", "first_input"):
            return self._read(seen.unsqueeze(1), (seen, *nothing))[1]
        return (seen, *nothing)

    def forward(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Read tokens and say what may come next, see `app.submodules.text_decoders`."""
        embedded = self.embedding(tokens) * math.sqrt(self.hidden_features)
        if self.role == "every_step":
            embedded = embedded + state[0].unsqueeze(1)
        hidden, state = self._read(embedded, state)
        return self.output(self.norm(hidden)), state

    def _read(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        seen, *caches = state
        memory = seen if self.role == "attention" else None
        x = self.dropout(x + _positions(caches[0].shape[1], x))
        read = []
        for layer, cache in zip(self.layers, caches, strict=True):
            x, longer = layer(x, cache, memory)
            read.append(longer)
        return x, (seen, *read)


class TransformerLayer(nn.Module):
    """Masked self-attention, attention to a memory where there is one, two fully connected layers.

    Args:
        features: H.
        num_heads: N.
        dropout: Share of values set to zero in training.
        has_memory: Whether there is a memory to attend to.
    """

    def __init__(self, *, features: int, num_heads: int, dropout: float, has_memory: bool) -> None:
        super().__init__()
        self.self_norm = nn.LayerNorm(features)
        self.self_attention = MultiHeadAttention(features=features, num_heads=num_heads)
        if has_memory:
            self.memory_norm = nn.LayerNorm(features)
            self.memory_attention = MultiHeadAttention(features=features, num_heads=num_heads)
        self.mlp = nn.Sequential(
            nn.LayerNorm(features),
            nn.Linear(features, 4 * features),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(4 * features, features),
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, cache: Tensor, memory: Tensor | None) -> tuple[Tensor, Tensor]:
        """Map ``x`` of [B, T, H], read after ``cache`` of [B, S, H], to [B, T, H] and the longer cache."""
        cache = torch.cat([cache, self.self_norm(x)], dim=1)
        num_new, num_all = x.shape[1], cache.shape[1]
        is_visible = torch.ones(num_new, num_all, dtype=torch.bool, device=x.device)
        is_visible = is_visible.tril(diagonal=num_all - num_new)
        x = x + self.dropout(self.self_attention(cache[:, num_all - num_new :], cache, is_visible))
        if memory is not None:
            x = x + self.dropout(self.memory_attention(self.memory_norm(x), memory))
        return x + self.dropout(self.mlp(x)), cache


class MultiHeadAttention(nn.Module):
    """Scaled dot-product attention in several heads.

    Args:
        features: H.
        num_heads: N.
    """

    def __init__(self, *, features: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.query = nn.Linear(features, features)
        self.key_value = nn.Linear(features, 2 * features)
        self.output = nn.Linear(features, features)

    def forward(self, x: Tensor, memory: Tensor, is_visible: Tensor | None = None) -> Tensor:
        """Let ``x`` of [B, T, H] attend to ``memory`` of [B, S, H], where ``is_visible`` of [T, S] is so."""
        key, value = self.key_value(memory).chunk(2, dim=2)
        heads = [self._split(part) for part in (self.query(x), key, value)]
        attended = F.scaled_dot_product_attention(heads[0], heads[1], heads[2], attn_mask=is_visible)
        return self.output(attended.transpose(1, 2).flatten(start_dim=2))

    def attention_weights(self, x: Tensor, memory: Tensor) -> Tensor:
        """Return how ``x`` weighs the positions of ``memory``, the mean of all heads: [B, T, S]."""
        key, _ = self.key_value(memory).chunk(2, dim=2)
        query, key = self._split(self.query(x)), self._split(key)
        scores: Tensor = query @ key.transpose(2, 3) / math.sqrt(query.shape[3])
        return scores.softmax(dim=3).mean(dim=1)

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.num_heads, -1)).transpose(1, 2)


def _positions(start: int, like: Tensor) -> Tensor:
    """Return sines and cosines of the positions from ``start`` on, [T, H], for any length."""
    num, width = like.shape[1], like.shape[2]
    places = torch.arange(start, start + num, device=like.device, dtype=torch.float32).unsqueeze(1)
    rates = torch.arange(0, width, 2, device=like.device, dtype=torch.float32) * (-math.log(10_000) / width)
    angles = places * rates.exp()
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(start_dim=1).to(like.dtype)
