import pytest
import torch

from app.training.threads import torch_threads


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
