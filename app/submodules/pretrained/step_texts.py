"""Text encoders of transformers that read the steps of a sequence, each a character or a word, by pieces.

Shapes: B sequences, L steps, K pieces of a step at most, M pieces that are read, F features of a piece,
F_out features of the result.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from typing_extensions import override

from nested_lightning.app.submodules.pretrained.files import NONE
from nested_lightning.app.submodules.pretrained.texts import TokenReader
from nested_lightning.app.submodules.sequence_adapters import TakesKind


class TransformersStepEncoder(TokenReader):
    """A text encoder of transformers, which reads a sequence as a whole; what it makes of each step.

    That is what it makes of the step's first piece. For a step without any, e.g. a blank, or a character that
    isn't the first of its piece, it is what it makes of the last piece before.

    Args:
        before: Ids of what the tokenizer puts before a text.
        after: Ids of what it puts after it.
        **reader: See `TokenReader`, whose ``out_features`` are F.
    """

    def __init__(self, *, before: Sequence[int], after: Sequence[int], **reader: Any) -> None:
        super().__init__(**reader)
        self._before, self._after = [[1 + one for one in ids] for ids in (before, after)]

    @override
    def forward(self, x: Tensor) -> Tensor:
        """Map pieces of [B, L, K], whole numbers, each id and 1, 0 where there is none, to [B, L, F]."""
        num_BL = (x != 0).sum(dim=2)
        end_BL = num_BL.cumsum(dim=1)
        place_BL = (end_BL - num_BL.clamp(min=1)).clamp(min=0) + len(self._before)
        longest = end_BL[:, -1].max().clamp(min=1).item()  # no int(), so that it may be open in a graph
        torch._check(longest <= x.shape[1] * x.shape[2])
        read_BMF = self.read(self._join(x, longest))
        return read_BMF.gather(1, place_BL[..., None].expand(-1, -1, self.out_features))

    def _join(self, x: Tensor, longest: Any) -> Tensor:
        """Return the pieces of each sequence one after another, [B, M], between what stands around them."""
        is_piece = (x != 0).flatten(1)
        num = is_piece.cumsum(dim=1)
        rows = x.new_zeros(x.shape[0], 1 + longest)  # the first place is for all that is none
        pieces = rows.scatter(1, num * is_piece, x.flatten(1))[:, 1:]
        before, after = (x.new_tensor(ids).expand(x.shape[0], -1) for ids in (self._before, self._after))
        behind = num[:, -1:] + len(self._before)
        joined = torch.cat([before, pieces, torch.zeros_like(after)], dim=1)
        return joined.scatter(1, behind + torch.arange(len(self._after), device=x.device), after)


class TransformersStepAdapter(nn.Module):
    """A text encoder of transformers, see `TokenReader`, dropout and a linear layer, for each step.

    Args:
        in_features: Number of different pieces, and 1 for none.
        before: Ids of what the tokenizer puts before a text.
        after: Ids of what it puts after it.
        out_features: F_out.
        dropout: Share of the encoder's features set to zero in training, in [0, 1).
    """

    takes: ClassVar[TakesKind] = "tokens"

    def __init__(
        self,
        *,
        in_features: int,
        before: Sequence[int] = (),
        after: Sequence[int] = (),
        out_features: int = 32,
        dropout: float = 0.1,
        weights: str = NONE,
        config: Mapping[str, Any] | None = None,
        sha256: str | None = None,
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.encoder = TransformersStepEncoder(
            before=before,
            after=after,
            num_tokens=in_features - 1,
            config=config,
            weights=weights,
            sha256=sha256,
        )
        self.project = nn.Sequential(nn.Dropout(dropout), nn.Linear(self.encoder.out_features, out_features))

    @override
    def forward(self, x: Tensor) -> Tensor:
        """Map pieces of [B, L, K], each id and 1, 0 where there is none, to [B, L, F_out]."""
        return self.project(self.encoder(x))
