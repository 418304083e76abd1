import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from nested_lightning.app.seam.meta_device import on_meta


def test_whole_numbers_keep_their_values_through_operations_on_meta() -> None:
    with on_meta():
        domain = torch.arange(6) % 3
        rows = (domain == 1).nonzero().squeeze(1)
    assert domain.is_meta
    assert rows.is_meta
    with on_meta():
        domain = torch.arange(6) % 3
        assert (domain == 1).nonzero().squeeze(1).tolist() == [1, 4]
        assert int(domain.max()) == 2


def test_a_change_in_place_is_seen_through_every_view() -> None:
    with on_meta():
        values = torch.zeros(2, 3, dtype=torch.int64)
        first, second = values
        first[torch.tensor([0, 2])] = 7
        second += 1
        assert values.tolist() == [[7, 0, 7], [1, 1, 1]]


def test_a_known_mask_chooses_from_unknown_numbers_and_gradients_go_back() -> None:
    with on_meta():
        mask = torch.tensor([[True, True, False], [True, False, False]])
        numbers = torch.rand(2, 3, 4).requires_grad_()
        chosen = numbers[mask]
        chosen.sum().backward()
    assert chosen.shape == (3, 4)
    assert numbers.grad is not None
    assert numbers.grad.shape == (2, 3, 4)


def test_constants_of_python_numbers_are_known() -> None:
    with on_meta():
        weights = torch.tensor([0.5, 2.0])
        assert float(weights[torch.tensor([1, 1])].sum()) == 4.0


def test_known_lengths_pack_unknown_sequences() -> None:
    with on_meta():
        lstm = nn.LSTM(4, 3, batch_first=True)
        lengths = torch.tensor([[True, True], [True, False]]).sum(dim=1).cpu()
        packed = pack_padded_sequence(torch.rand(2, 2, 4), lengths, batch_first=True, enforce_sorted=False)
        read, _ = pad_packed_sequence(lstm(packed)[0], batch_first=True)
    assert read.shape == (2, 2, 3)


def test_numbers_of_a_batch_and_weights_have_no_values() -> None:
    with on_meta():
        numbers, weight = torch.rand(3), nn.Parameter(torch.ones(3))
        mixed = torch.arange(3) * weight
        for tensor in (numbers, weight, mixed):
            with pytest.raises(RuntimeError, match="meta"):
                tensor.sum().item()


def test_what_is_overwritten_by_unknown_numbers_is_no_longer_known() -> None:
    with on_meta():
        values = torch.zeros(3, dtype=torch.int64)
        values.copy_(torch.rand(3).long())
        with pytest.raises(RuntimeError, match="meta"):
            values.sum().item()
