"""Text encoders of transformers, trained elsewhere: tokens in, one vector out.

Shapes: B rows, L tokens of a row, F features of a token, F_out features of the vector.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor, nn
from typing_extensions import override

from nested_lightning.app.errors import UserError
from nested_lightning.app.submodules.pretrained.files import NONE, PretrainedFiles
from nested_lightning.app.submodules.pretrained.part import FirstWeights, PretrainedPart
from nested_lightning.app.submodules.pretrained.tokenizer_files import TOKENIZER
from nested_lightning.app.submodules.pretrained.transformers_parts import (
    build_network,
    describe,
    load_network,
)

Pooling = Literal["mean", "first"]

_LENGTHS = (
    ("sentence_bert_config.json", "max_seq_length"),
    ("tokenizer_config.json", "model_max_length"),
    ("config.json", "max_position_embeddings"),
)
_MARGIN = 2
"""Positions that some models, e.g. RoBERTa, don't use."""


@dataclass(frozen=True, kw_only=True)
class TextPreparation:
    """How texts become what an encoder was trained with.

    Attributes:
        tokenizer: A tokenizer of the library tokenizers, as JSON.
        max_length: Most tokens of a text; what is longer is cut.
    """

    tokenizer: str
    max_length: int


def preparation(*, weights: str) -> TextPreparation:
    """Return how a part wants its texts.

    Args:
        weights: A folder with ``tokenizer.json``.

    Raises:
        UserError: It has none.
    """
    if weights == NONE:
        raise UserError(
            "weights = none: set tokenizer to the folder of the tokenizer of this reader of texts"
        )
    files = PretrainedFiles(weights)
    tokenizer = files.text(TOKENIZER)
    cut = (json.loads(tokenizer).get("truncation") or {}).get("max_length")
    said = [(files.json(file) or {}).get(name) for file, name in _LENGTHS]
    first = next((int(length) for length in (*said[:1], cut, *said[1:]) if length), 0)
    positions = int(said[-1] or first) - _MARGIN
    if first < 1 or positions < 1:
        raise UserError(f"weights = {weights}: no file in it says how long a text may be (model_max_length)")
    return TextPreparation(tokenizer=tokenizer, max_length=min(first, positions))


def read_tokens(network: Any, x: Tensor) -> Tensor:
    """Return what a network of transformers makes of each token, [B, L, F].

    Args:
        network: A text encoder.
        x: [B, L], whole numbers: each id and 1, 0 where there is none, which stands at the end.
    """
    is_seen_BL = x != 0
    is_seen_BL[:, 0] = True  # an empty text is read, but counts as nothing
    mask_BLL = is_seen_BL[:, None, None, :].expand(-1, 1, x.shape[1], -1)
    read: Tensor = network(input_ids=(x.long() - 1).clamp(min=0), attention_mask=mask_BLL).last_hidden_state
    return read


def refuse_too_many_tokens(config: Mapping[str, Any], num_tokens: int) -> None:
    """Refuse a tokenizer that knows more tokens than a model.

    Raises:
        ValueError: It does; names both numbers.
    """
    if num_tokens > int(config.get("vocab_size", 0)):
        raise ValueError(f"its model has {config.get('vocab_size')} tokens, its tokenizer {num_tokens}")


class TransformersTextEncoder(PretrainedPart):
    """A text encoder of transformers; what it makes of tokens, pooled.

    Args:
        network: The library's, with initial weights.
        pooling: The mean of all tokens, or the first one.
        first_weights: What it begins with in a training.

    Attributes:
        out_features: F.
    """

    def __init__(self, *, network: Any, pooling: Pooling, first_weights: FirstWeights) -> None:
        super().__init__(network=network, first_weights=first_weights)
        self.out_features = int(network.config.hidden_size)
        self.pooling = pooling

    @override
    def forward(self, x: Tensor) -> Tensor:
        """Map tokens of [B, L], int32, each id and 1, 0 where there is none, to [B, F]."""
        is_there_BL = x != 0
        read_BLF = read_tokens(self.network, x)
        if self.pooling == "first":
            return read_BLF[:, 0] * is_there_BL[:, :1]
        counts_B1 = is_there_BL.sum(dim=1, keepdim=True).clamp(min=1)
        return (read_BLF * is_there_BL[..., None]).sum(dim=1) / counts_B1


class TransformersTextExtractor(nn.Module):
    """A text encoder of transformers, dropout and a linear layer.

    Args:
        in_features: Number of different tokens, and 1 for none.
        max_length: L.
        out_features: F_out.
        pooling: The mean of all tokens, or the first one.
        dropout: Share of pooled features set to zero in training, in [0, 1).
        weights: Where its weights are, see `PretrainedFiles`; ``none``: nowhere.
        tokenizer: Where its tokenizer is, by which the data are read.
        config: What `describe` found; None: it is looked for now.
        sha256: Digest of the weights; None: it may be any.
        weights_license: Of the weights; for people to read.

    Raises:
        UserError: transformers isn't there, or doesn't know the model.
        ValueError: The model has fewer tokens or positions.
    """

    def __init__(
        self,
        *,
        in_features: int,
        max_length: int,
        out_features: int = 32,
        pooling: Pooling = "mean",
        dropout: float = 0.1,
        weights: str = NONE,
        tokenizer: str | None = None,
        config: Mapping[str, Any] | None = None,
        sha256: str | None = None,
        weights_license: str | None = None,
    ) -> None:
        super().__init__()
        del tokenizer, weights_license
        known = config or describe(weights=weights)["config"]
        refuse_too_many_tokens(known, in_features - 1)
        self.in_features, self.max_length, self.out_features = in_features, max_length, out_features
        self.encoder = TransformersTextEncoder(
            network=build_network(known),
            pooling=pooling,
            first_weights=FirstWeights(weights=weights, sha256=sha256, take=load_network),
        )
        self.project = nn.Sequential(nn.Dropout(dropout), nn.Linear(self.encoder.out_features, out_features))

    @override
    def forward(self, x: Tensor) -> Tensor:
        """Map tokens of [B, L], int32, each id and 1, 0 where there is none, to [B, F_out]."""
        return self.project(self.encoder(x))
