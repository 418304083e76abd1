import pytest
import torch
from torch import nn

from nested_lightning.app.training.machine.threads import PRODUCTS_PER_THREAD, count_threads, torch_threads


@pytest.mark.parametrize(
    ("batch_size", "expected"), [(1, 1), (2**10, 1), (2 * 2**10, 2), (3 * 2**10 - 1, 2), (2**30, 3)]
)
def test_automatic_threads_follow_the_products_of_a_batch(batch_size: int, expected: int) -> None:
    model = nn.Linear(2**6, PRODUCTS_PER_THREAD // 2**16, bias=False)
    with torch_threads(3):
        assert count_threads("auto", model, batch_size=batch_size) == expected


@pytest.mark.parametrize("wanted", [None, 1, 7])
def test_threads_that_are_asked_for_stay(wanted: int | None) -> None:
    assert count_threads(wanted, nn.Linear(1, 1), batch_size=1) == wanted


@pytest.mark.parametrize("num_threads", [1, 3])
def test_threads_are_as_asked_inside_and_as_before_afterwards(num_threads: int) -> None:
    before = torch.get_num_threads()
    with torch_threads(num_threads):
        assert torch.get_num_threads() == num_threads
    assert torch.get_num_threads() == before


def test_threads_are_restored_after_an_error() -> None:
    before = torch.get_num_threads()
    with pytest.raises(KeyError), torch_threads(before + 1):
        raise KeyError
    assert torch.get_num_threads() == before


def test_no_number_leaves_what_the_block_sets() -> None:
    before = torch.get_num_threads()
    with torch_threads(None):
        torch.set_num_threads(before + 1)
    assert torch.get_num_threads() == before + 1
    torch.set_num_threads(before)
