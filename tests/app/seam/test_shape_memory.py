"""What is remembered of an operation on ``meta`` is what torch would find out anew."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from nested_lightning.app.seam.meta_device import on_meta


def _normalised(x: Tensor) -> Tensor:
    return functional.batch_norm(x, None, None, training=True)


OPERATIONS: list[Callable[[Tensor], Tensor]] = [
    _normalised,
    nn.Linear(3, 5, device="meta"),
    lambda x: functional.dropout(x, 0.5),
    lambda x: x + 1,
    lambda x: x + True,
    lambda x: x.to(torch.int64) / 2,
    lambda x: torch.cat([x, x, x.half()]),
    lambda x: torch.stack([x, x.flip(0)]).sum(dim=(0, 2)),
    lambda x: x.topk(2).indices,
]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("rows", [2, 4])
def test_a_repeated_operation_gives_a_new_tensor_of_the_same_shape(
    operation: Callable[[Tensor], Tensor], rows: int
) -> None:
    given = torch.rand(rows, 3, device="meta"), torch.rand(3, rows, device="meta").t()
    expected = [operation(x) for x in given]
    with on_meta():
        first, again = ([operation(x) for x in given] for _ in range(2))
    for seen, torchs in ((first, expected), (again, expected)):
        assert [(one.shape, one.stride(), one.dtype) for one in seen] == [
            (one.shape, one.stride(), one.dtype) for one in torchs
        ]
    storages = [one.untyped_storage()._cdata for one in (*first, *again)]
    assert len({*storages}) == len(storages)


def test_gradients_go_through_repeated_operations() -> None:
    with on_meta():
        inputs = [torch.rand(2, 3).requires_grad_() for _ in range(3)]
        sum(_normalised(x).sum() for x in inputs).backward()  # type: ignore[union-attr]
    assert [x.grad is not None and x.grad.shape for x in inputs] == [(2, 3)] * 3


def test_an_operation_that_fails_does_so_each_time() -> None:
    with on_meta():
        for _ in range(2):
            with pytest.raises(RuntimeError, match="reduction dim"):
                torch.rand(2, 3) @ torch.rand(2, 3)


def test_views_and_changes_in_place_are_those_of_their_tensor() -> None:
    with on_meta():
        numbers = torch.rand(2, 3)
        for _ in range(2):
            assert numbers.t().untyped_storage()._cdata == numbers.untyped_storage()._cdata
            assert numbers.mul_(2) is numbers
