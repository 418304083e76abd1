import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from nested_lightning.app.submodules.recurrence import read_both_ways


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
@pytest.mark.parametrize(("num_layers", "bias"), [(1, True), (2, True), (2, False)])
def test_padded_sequences_are_read_as_packed_ones(
    kind: type[nn.LSTM | nn.GRU], num_layers: int, bias: bool
) -> None:
    torch.manual_seed(0)
    layers = kind(3, 5, num_layers, bias=bias, batch_first=True, bidirectional=True, dtype=torch.float64)
    lengths = torch.tensor([4, 7, 1, 7])
    mask = torch.arange(7) < lengths[:, None]
    x = torch.randn(4, 7, 3, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(4, 7, 10, dtype=torch.float64)

    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    expected, _ = pad_packed_sequence(layers(packed)[0], batch_first=True)
    read = read_both_ways(layers, x, mask)

    torch.testing.assert_close(read, expected)
    inputs = [x, *layers.parameters()]
    gradients = [torch.autograd.grad((each * weights).sum(), inputs) for each in (read, expected)]
    torch.testing.assert_close(*gradients)


def test_what_stands_at_padding_has_no_influence() -> None:
    torch.manual_seed(0)
    layers = nn.LSTM(3, 5, batch_first=True, bidirectional=True)
    mask = torch.tensor([[True, True, False], [True, True, True]])
    x = torch.randn(2, 3, 3)
    other = x.clone()
    other[0, 2] = 1e6
    torch.testing.assert_close(read_both_ways(layers, x, mask), read_both_ways(layers, other, mask))


def test_layers_drop_out_between_them_in_training_alone() -> None:
    torch.manual_seed(0)
    layers = nn.GRU(3, 5, 2, batch_first=True, bidirectional=True, dropout=0.5)
    mask = torch.ones(2, 3, dtype=torch.bool)
    x = torch.randn(2, 3, 3)
    assert not torch.equal(read_both_ways(layers, x, mask), read_both_ways(layers, x, mask))
    layers.eval()
    torch.testing.assert_close(read_both_ways(layers, x, mask), layers(x)[0])
