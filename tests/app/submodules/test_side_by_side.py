"""Two computations at the same time give what they give one after the other."""

import os
import threading
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from nested_lightning.app.submodules import recurrence
from nested_lightning.app.submodules.recurrence import read_both_ways
from nested_lightning.app.submodules.side_by_side import compute_side_by_side, has_core_to_spare
from nested_lightning.app.training.machine.threads import torch_threads
from tests.command_line import Program


def product(x: Tensor, weight: Tensor) -> Tensor:
    return torch.tanh(x @ weight)


def operands(*, seed: int, is_trained: bool = True) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x, weight = (torch.randn(4, 4, generator=generator, requires_grad=is_trained) for _ in range(2))
    return [x, weight]


def test_results_and_gradients_are_those_of_one_after_the_other() -> None:
    first, second = operands(seed=0), operands(seed=1)

    results = compute_side_by_side(product, first, second)
    expected = product(*first), product(*second)

    inputs = [*first, *second]
    gradients, wanted = (torch.autograd.grad((a * b.square()).sum(), inputs) for a, b in (results, expected))
    torch.testing.assert_close(results, expected, rtol=0, atol=0)
    torch.testing.assert_close(gradients, wanted, rtol=0, atol=0)


def test_what_is_frozen_gets_no_gradient() -> None:
    first, second = operands(seed=0), operands(seed=1, is_trained=False)
    first[1].requires_grad_(False)

    one, other = compute_side_by_side(product, first, second)
    (one * other).sum().backward()

    assert first[0].grad is not None
    assert [x.grad for x in (first[1], *second)] == [None] * 3


def test_the_two_are_computed_in_different_threads() -> None:
    threads = []

    def noting(x: Tensor) -> Tensor:
        threads.append(threading.get_ident())
        return x * 2

    compute_side_by_side(noting, operands(seed=0)[:1], operands(seed=1)[:1])

    assert len(set(threads)) == 2
    assert threading.get_ident() in threads


def test_the_other_thread_computes_in_the_same_precision() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        results = compute_side_by_side(torch.mm, operands(seed=0), operands(seed=1))

    assert [result.dtype for result in results] == [torch.bfloat16] * 2


@pytest.mark.parametrize("failing", [0, 1])
def test_what_goes_wrong_in_either_is_raised(failing: int) -> None:
    pairs = [operands(seed=0), operands(seed=1)]
    pairs[failing][1] = torch.ones(3, 3)

    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        compute_side_by_side(product, *pairs)


FORKING = """
import os, torch
from nested_lightning.app.submodules.side_by_side import compute_side_by_side

ones = torch.ones(2, 2)
compute_side_by_side(torch.mm, [ones, ones], [ones, ones])
process = os.fork()
if process == 0:
    compute_side_by_side(torch.mm, [ones, ones], [ones, ones])
    os._exit(0)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
"""
"""In a process of its own: what else the tests' processes have running is no good to fork."""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_has_a_second_thread_of_its_own(forked_code: Program) -> None:
    assert forked_code(FORKING).returncode == 0


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
@pytest.mark.parametrize("is_padded", [True, False])
def test_sequences_are_read_as_one_direction_after_the_other(
    kind: type[nn.LSTM | nn.GRU], is_padded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    layers = kind(3, 5, 2, batch_first=True, bidirectional=True)
    x = torch.randn(4, 70, 3, requires_grad=True)
    mask = torch.arange(70) < torch.tensor([70, 64, 9, 1])[:, None] if is_padded else None

    found = _read_with_gradients(layers, x, mask, has_core=True, monkeypatch=monkeypatch)
    expected = _read_with_gradients(layers, x, mask, has_core=False, monkeypatch=monkeypatch)

    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("is_padded", [True, False])
def test_dropout_between_layers_is_the_same_with_and_without_a_core_to_spare(
    is_padded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    layers = nn.LSTM(3, 5, 2, batch_first=True, bidirectional=True, dropout=0.5)
    x = torch.randn(4, 70, 3, requires_grad=True)
    mask = torch.ones(4, 70, dtype=torch.bool) if is_padded else None

    results = []
    for has_core in (True, False):
        torch.manual_seed(1)
        results.append(_read_with_gradients(layers, x, mask, has_core=has_core, monkeypatch=monkeypatch))

    torch.testing.assert_close(*results)


def test_second_derivatives_are_refused() -> None:
    first, second = operands(seed=0), operands(seed=1)
    one, other = compute_side_by_side(product, first, second)

    with pytest.raises(RuntimeError, match="no second derivatives"):
        torch.autograd.grad((one * other).sum(), first, create_graph=True)


def _read_with_gradients(
    layers: nn.LSTM | nn.GRU,
    x: Tensor,
    mask: Tensor | None,
    *,
    has_core: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    monkeypatch.setattr(recurrence, "has_core_to_spare", lambda: has_core)
    monkeypatch.setattr(recurrence, "MIN_VALUES_SIDE_BY_SIDE", 4 * 70 * 5)
    read = read_both_ways(layers, x, mask)
    assert ("_SideBySideBackward" in _nodes_behind(read)) == has_core
    return read, *torch.autograd.grad(read.square().sum(), [x, *layers.parameters()])


def _nodes_behind(output: Tensor) -> set[str]:
    waiting, nodes = [output.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is not None and node not in nodes:
            nodes.add(node)
            waiting += [before for before, _ in node.next_functions]
    return {node.name() for node in nodes}


def test_there_is_no_core_to_spare_where_torch_takes_several_threads() -> None:
    with torch_threads(2):
        assert not has_core_to_spare()
