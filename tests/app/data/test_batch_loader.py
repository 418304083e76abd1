"""Loading batches: what an epoch holds, resuming, sharing between processes."""

from itertools import islice

import pytest
import torch
from torch import Tensor, distributed

from nested_lightning.app.data.batch_loader import BatchLoader
from nested_lightning.app.errors import UserError


def _values(batches: list[Tensor]) -> list[int]:
    return [int(value) for batch in batches for value in batch]


def _loader(
    num_samples: int = 10,
    batch_size: int = 4,
    *,
    seed: int = 0,
    is_shuffled: bool = True,
    drop_last: bool = False,
) -> BatchLoader[Tensor]:
    data = torch.arange(num_samples)
    return BatchLoader(
        data=data, batch_size=batch_size, seed=seed, is_shuffled=is_shuffled, drop_last=drop_last
    )


def test_loader_yields_every_sample_once_an_epoch() -> None:
    batches = list(_loader())
    assert [len(batch) for batch in batches] == [4, 4, 2]
    assert sorted(_values(batches)) == list(range(10))


def test_loader_shuffles_anew_each_epoch() -> None:
    loader = _loader(num_samples=50)
    first, second = _values(list(loader)), _values(list(loader))
    assert list(range(50)) != first != second


def test_loader_order_depends_on_the_seed_alone() -> None:
    assert _values(list(_loader(50, seed=7))) == _values(list(_loader(50, seed=7)))
    assert _values(list(_loader(50, seed=7))) != _values(list(_loader(50, seed=8)))


def test_loader_order_does_not_touch_the_global_random_state() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    list(_loader())
    assert torch.equal(torch.rand(1), expected)


def test_loader_without_shuffling_yields_views_in_order() -> None:
    loader = _loader(is_shuffled=False)
    batches = list(loader)
    assert _values(batches) == list(range(10))
    assert batches[1].data_ptr() == loader.data[4:].data_ptr()


def test_loader_drops_a_smaller_last_batch() -> None:
    loader = _loader(drop_last=True)
    assert len(loader) == 2
    assert [len(batch) for batch in loader] == [4, 4]


def test_loader_keeps_the_only_batch_though_it_is_small() -> None:
    loader = _loader(num_samples=3, drop_last=True)
    assert len(loader) == 1
    assert sorted(_values(list(loader))) == [0, 1, 2]


def test_loader_of_no_samples_has_no_batches() -> None:
    loader = _loader(num_samples=0)
    assert len(loader) == 0
    assert list(loader) == []


def test_loader_refuses_a_batch_size_of_zero() -> None:
    with pytest.raises(ValueError, match="batch_size is 0"):
        _loader(batch_size=0)


@pytest.mark.parametrize("num_yielded", range(7))
def test_loader_resumes_with_the_batches_that_were_left(num_yielded: int) -> None:
    whole = _loader()
    expected = _values([*whole, *whole, *whole])
    interrupted = _loader()
    stream = (batch for _ in range(3) for batch in interrupted)
    before = _values(list(islice(stream, num_yielded)))
    resumed = _loader()
    resumed.load_state_dict(interrupted.state_dict())
    after: list[int] = []
    while len(before) + len(after) < len(expected):
        after.extend(_values(list(resumed)))
    assert before + after == expected


def test_loader_state_is_at_the_next_epoch_while_the_last_batch_is_used() -> None:
    loader = _loader()
    states = [loader.state_dict() for _ in loader]
    assert states == [{"epoch": 0, "position": 1}, {"epoch": 0, "position": 2}, {"epoch": 1, "position": 0}]


def test_loader_begins_a_new_epoch_after_one_was_left_early() -> None:
    loader = _loader(num_samples=50)
    left_early = next(iter(loader))
    again = list(loader)
    assert sorted(_values(again)) == list(range(50))
    assert again[0].tolist() != left_early.tolist()


def _epoch_of_rank(
    monkeypatch: pytest.MonkeyPatch, rank: int, world_size: int, loader: BatchLoader[Tensor]
) -> list[Tensor]:
    with monkeypatch.context() as patch:
        patch.setattr(distributed, "is_initialized", lambda: True)
        patch.setattr(distributed, "get_rank", lambda: rank)
        patch.setattr(distributed, "get_world_size", lambda: world_size)
        batches = list(loader)
        assert len(loader) == len(batches)
        return batches


@pytest.mark.parametrize("num_samples", [3, 8, 11, 12, 13, 23, 24])
@pytest.mark.parametrize("batch_size", [1, 2, 4])
def test_loader_shows_each_evaluation_sample_to_one_process(
    monkeypatch: pytest.MonkeyPatch, num_samples: int, batch_size: int
) -> None:
    shares = [
        _epoch_of_rank(monkeypatch, rank, 3, _loader(num_samples, batch_size, is_shuffled=False))
        for rank in range(3)
    ]
    assert sorted(_values([batch for share in shares for batch in share])) == list(range(num_samples))
    assert len({len(share) for share in shares}) == 1
    assert all(len(batch) > 0 for share in shares for batch in share)


@pytest.mark.parametrize("num_samples", [3, 8, 11, 12, 13, 23, 24])
@pytest.mark.parametrize("drop_last", [False, True])
def test_loader_gives_all_processes_equal_shares_in_training(
    monkeypatch: pytest.MonkeyPatch, num_samples: int, drop_last: bool
) -> None:
    shares = [
        _epoch_of_rank(monkeypatch, rank, 3, _loader(num_samples, 2, drop_last=drop_last))
        for rank in range(3)
    ]
    values = _values([batch for share in shares for batch in share])
    assert len(set(values)) == len(values)
    assert len({tuple(len(batch) for batch in share) for share in shares}) == 1
    if not drop_last:
        assert len(values) == num_samples - num_samples % 3


def test_loader_refuses_fewer_samples_than_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="2 samples cannot be shared by 3 processes"):
        _epoch_of_rank(monkeypatch, 0, 3, _loader(num_samples=2))
