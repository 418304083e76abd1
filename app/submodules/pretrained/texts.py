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
from nested_lightning.app.foreign_files import foreign_file
from nested_lightning.app.submodules.pretrained.files import NONE, PretrainedFiles
from nested_lightning.app.submodules.pretrained.part import PretrainedPart
from nested_lightning.app.submodules.pretrained.tokenizer_files import read_tokenizer
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
        UserError: It has none, a file in it is damaged, or none says how long a text may be.
    """
    if weights == NONE:
        raise UserError(
            "weights = none: set tokenizer to the folder of the tokenizer of this reader of texts"
        )
    files = PretrainedFiles(weights)
    tokenizer, _ = read_tokenizer(files)
    cut = (json.loads(tokenizer).get("truncation") or {}).get("max_length")
    said = [(files.json(file) or {}).get(name) for file, name in _LENGTHS]
    with foreign_file(f"{weights}: {' or '.join(name for _, name in _LENGTHS)}"):
        first = next((int(length) for length in (*said[:1], cut, *said[1:]) if length), 0)
        positions = int(said[-1] or first) - _MARGIN
    if first < 1 or positions < 1:
        raise UserError(f"weights = {weights}: no file in it says how long a text may be (model_max_length)")
    return TextPreparation(tokenizer=tokenizer, max_length=min(first, positions))


class TokenReader(PretrainedPart):
    """A text encoder of transformers; what its features become, the class of a part says.

    Args:
        num_tokens: Different tokens that it is given.
        config: What `describe` found; None: it is looked for now.
        weights: See `PretrainedPart`.
        sha256: See `PretrainedPart`.

    Attributes:
        out_features: F.

    Raises:
        UserError: transformers isn't there, or doesn't know the model.
        ValueError: The model has fewer tokens.
    """

    def __init__(
        self, *, num_tokens: int, config: Mapping[str, Any] | None, weights: str, sha256: str | None
    ) -> None:
        network: Any = build_network(config or describe(weights=weights)["config"])
        known = getattr(network.config.get_text_config(), "vocab_size", 0)  # a model of pictures has none
        if num_tokens > known:
            raise ValueError(f"its model has {known} tokens, its tokenizer {num_tokens}")
        super().__init__(network=network, weights=weights, sha256=sha256, take=load_network)
        self.out_features = int(network.config.hidden_size)

    def read(self, x: Tensor) -> Tensor:
        """Map whole numbers of [B, L], each id and 1, 0 at the end where there is none, to [B, L, F]."""
        is_seen_BL = x != 0
        is_seen_BL[:, 0] = True  # an empty text is read, but counts as nothing
        mask_BLL = is_seen_BL[:, None, None, :].expand(-1, 1, x.shape[1], -1)
        ids_BL = (x.long() - 1).clamp(min=0)
        read_BLF: Tensor = self.network(input_ids=ids_BL, attention_mask=mask_BLL).last_hidden_state
        return read_BLF


class TransformersTextEncoder(TokenReader):
    """What a text encoder of transformers makes of tokens, pooled.

    Args:
        pooling: The mean of all tokens, or the first one.
        **reader: See `TokenReader`, whose ``out_features`` are F.
    """

    def __init__(self, *, pooling: Pooling, **reader: Any) -> None:
        super().__init__(**reader)
        self.pooling = pooling

    @override
    def forward(self, x: Tensor) -> Tensor:
        """Map tokens of [B, L], int32, each id and 1, 0 where there is none, to [B, F]."""
        is_there_BL = x != 0
        read_BLF = self.read(x)
        if self.pooling == "first":
            return read_BLF[:, 0] * is_there_BL[:, :1]
        counts_B1 = is_there_BL.sum(dim=1, keepdim=True).clamp(min=1)
        return (read_BLF * is_there_BL[..., None]).sum(dim=1) / counts_B1


class TransformersTextExtractor(nn.Module):
    """A text encoder of transformers, see `TokenReader`, dropout and a linear layer.

    Args:
        in_features: Number of different tokens, and 1 for none.
        max_length: L.
        out_features: F_out.
        pooling: The mean of all tokens, or the first one.
        dropout: Share of pooled features set to zero in training, in [0, 1).
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
        config: Mapping[str, Any] | None = None,
        sha256: str | None = None,
    ) -> None:
        super().__init__()
        self.in_features, self.max_length, self.out_features = in_features, max_length, out_features
        self.encoder = TransformersTextEncoder(
            pooling=pooling, num_tokens=in_features - 1, config=config, weights=weights, sha256=sha256
        )
        self.project = nn.Sequential(nn.Dropout(dropout), nn.Linear(self.encoder.out_features, out_features))

    @override
    def forward(self, x: Tensor) -> Tensor:
        """Map tokens of [B, L], int32, each id and 1, 0 where there is none, to [B, F_out]."""
        return self.project(self.encoder(x))
