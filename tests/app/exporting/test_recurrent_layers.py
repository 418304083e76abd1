from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from nested_lightning.app.exporting.capturing import capture
from nested_lightning.app.submodules.recurrence import read_both_ways
from tests.app.exporting.proving import exportable_of, proven
from tests.quick_first import quick_first


class Reading(nn.Module):
    """Reads sequences as they are read in the families, packed, or as they stand."""

    def __init__(self, how: str, kind: type[nn.LSTM | nn.GRU], **options: Any) -> None:
        super().__init__()
        self.how = how
        options |= {"bidirectional": how == "both ways"}
        self.layers = kind(3, 4, **{"batch_first": True, **options})

    def forward(self, x: Tensor, lengths: Tensor) -> Any:
        if self.how == "both ways":
            return read_both_ways(self.layers, x, torch.arange(x.shape[1]) < lengths.unsqueeze(1))
        if self.how == "as they stand":
            return self.layers(x)
        packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        read, state = self.layers(packed)
        return pad_packed_sequence(read, batch_first=True, total_length=x.shape[1])[0], state


def batches(*all_lengths: tuple[int, ...]) -> dict[str, tuple[Tensor, Tensor]]:
    """Return sequences of each of these lengths, with noise at padding too."""
    generator = torch.Generator().manual_seed(0)
    return {
        str(lengths): (torch.randn(len(lengths), max(lengths), 3, generator=generator), torch.tensor(lengths))
        for lengths in all_lengths
    }


LENGTHS = batches((5, 3, 4), (1,), (7, 2), (3, 11, 40), (300, 1))


@pytest.mark.parametrize("format_", ["onnx", pytest.param("torch-export", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("how", "kind", "options"),
    quick_first(
        [
            ("both ways", nn.LSTM, {}),
            ("both ways", nn.GRU, {"num_layers": 2, "bias": False}),
            ("packed", nn.LSTM, {"num_layers": 2}),
            ("packed", nn.GRU, {}),
            ("as they stand", nn.LSTM, {"bias": False}),
            ("as they stand", nn.GRU, {"num_layers": 2, "batch_first": True}),
        ],
        num_quick=2,
    ),
)
def test_every_length_is_read_as_in_torch(how: str, kind: Any, options: Any, format_: Any) -> None:
    torch.manual_seed(0)
    num_outputs = {"both ways": 1}.get(how, 1 + (2 if kind is nn.LSTM else 1))
    reading = exportable_of(Reading(how, kind, **options), LENGTHS, num_outputs=num_outputs)

    assert proven(reading, format_, tolerance=1e-5).difference.size < 1e-5


@pytest.mark.slow
def test_packing_outside_of_an_export_is_as_it_was() -> None:
    before = torch._VF._pack_padded_sequence
    torch.manual_seed(0)
    proven(exportable_of(Reading("packed", nn.GRU), batches((3, 2), (2,)), num_outputs=2))
    assert torch._VF._pack_padded_sequence is before


def test_sequences_that_are_padded_as_far_as_the_longest_are_noted() -> None:
    class Trimming(Reading):
        def forward(self, x: Tensor, lengths: Tensor) -> Any:
            packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
            return pad_packed_sequence(self.layers(packed)[0], batch_first=True)[0]

    reading = exportable_of(Trimming("packed", nn.GRU), batches((3, 2), (2,)))
    with pytest.warns(UserWarning, match="pad_packed_sequence isn't told total_length"):
        assert capture(reading)
