"""Sequence decoders: vectors in, one set of logits for each step out.

A decoder's ``forward`` takes vectors of [B, L, F_in], float, a mask of [B, L], False at padding, which stands
after the steps, or None, and the state that an earlier call returned, or None; it returns logits of [B, L, C]
and its state after each sequence's last step, or None. It is given, and publishes, ``in_features``, which are
F_in, and ``out_features``, C.

Shapes: B sequences, L steps, F_in features of a step, H hidden features, C classes.
"""

from typing import Any, Literal

from torch import Tensor, nn

from nested_lightning.app.errors import UserError
from nested_lightning.app.submodules.recurrence import read_both_ways, read_packed

_LAYERS: dict[str, type[nn.LSTM | nn.GRU]] = {"lstm": nn.LSTM, "gru": nn.GRU}


class RecurrentDecoder(nn.Module):
    """Recurrent layers and a fully connected one.

    The layers are long short-term memory (Hochreiter and Schmidhuber 1997) or gated recurrent units (Cho et
    al. 2014). Reading both ways, it knows what follows a step, and so can't be fed piece by piece.

    Args:
        cell: What the layers are made of.
        hidden_features: H, for each direction.
        num_layers: Layers one above the other.
        is_bidirectional: Whether sequences are read both ways.
        dropout: Share of each layer's output set to zero in training, in [0, 1).
    """

    def __init__(
        self,
        *,
        in_features: int,
        out_features: int,
        cell: Literal["lstm", "gru"] = "lstm",
        hidden_features: int = 64,
        num_layers: int = 1,
        is_bidirectional: bool = True,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.is_bidirectional = is_bidirectional
        self.recurrent = _LAYERS[cell](
            in_features,
            hidden_features,
            num_layers,
            batch_first=True,
            bidirectional=is_bidirectional,
            dropout=dropout if num_layers > 1 else 0.0,
        )
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(hidden_features * (2 if is_bidirectional else 1), out_features)

    def forward(self, x: Tensor, mask: Tensor | None = None, hidden: Any = None) -> tuple[Tensor, Any]:
        """Decode sequences; there is no state where they are read both ways.

        Raises:
            UserError: A state is given to a decoder that reads both ways.
        """
        if hidden is not None and self.is_bidirectional:
            raise UserError(
                "a decoder that reads both ways can't go on from a hidden state: give it whole sequences, or"
                " choose one that reads forwards (is_bidirectional: false, or preset original)"
            )
        if self.is_bidirectional:
            read = read_both_ways(self.recurrent, x, mask)
        else:
            read, hidden = read_packed(self.recurrent, x, mask, hidden)
        return self.linear(self.dropout(read)), hidden


class LinearDecoder(nn.Module):
    """One fully connected layer: each step on its own."""

    def __init__(self, *, in_features: int, out_features: int) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.linear = nn.Linear(in_features, out_features)

    def forward(self, x: Tensor, mask: Tensor | None = None, hidden: Any = None) -> tuple[Tensor, None]:
        """Map [B, L, F_in] to logits of [B, L, C]; there is no state."""
        return self.linear(x), None
