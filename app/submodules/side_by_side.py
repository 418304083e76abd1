"""A computation of two sets of tensors at the same time, each in a thread of its own, forwards and backwards.

An operation that goes step by step, such as an LSTM's, can't be shared by the threads of torch. Two of them
can be computed at once: torch lets go of Python's lock while it computes.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any, TypeVar

import torch
from torch import Tensor

Computation = Callable[..., Tensor]
T = TypeVar("T")


def has_core_to_spare() -> bool:
    """Return whether torch computes with a single thread in a process that may use several cores."""
    has_affinity = hasattr(os, "sched_getaffinity")  # Linux alone
    num_cores = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    return torch.get_num_threads() == 1 and num_cores > 1


def compute_side_by_side(
    compute: Computation, first: Sequence[Tensor], second: Sequence[Tensor]
) -> tuple[Tensor, Tensor]:
    """Return ``compute(*first)`` and ``compute(*second)``; gradients can be taken once.

    The results and gradients are bit for bit those of one after the other. ``compute`` must draw no random
    numbers.

    Raises:
        RuntimeError: When gradients of the gradients are asked for.
    """
    outputs: Any = _SideBySide.apply(compute, len(first), *first, *second)  # type: ignore[no-untyped-call]
    return outputs[0], outputs[1]


class _SideBySide(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, compute: Computation, num_first: int, *inputs: Tensor) -> tuple[Tensor, ...]:
        # Neither knows of the other's graph, so that each can be gone through backwards in its own thread.
        apart = [x.detach().requires_grad_(x.requires_grad) for x in inputs]
        both = apart[:num_first], apart[num_first:]
        precision = torch.get_autocast_dtype("cpu"), torch.is_autocast_enabled("cpu")
        outputs = _run_both(*(partial(_record, compute, part, *precision) for part in both))
        ctx.graphs = list(zip(outputs, both, strict=True))
        return tuple(output.detach() for output in outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        if torch.is_grad_enabled():
            raise RuntimeError(
                "there are no second derivatives (create_graph=True) of what is computed side by side:"
                " let torch take two threads instead (trainer.num_threads=2)"
            )
        (output, inputs), (other, others) = ctx.graphs
        first, second = _run_both(
            partial(_differentiate, output, inputs, gradients[0]),
            partial(_differentiate, other, others, gradients[1]),
        )
        return None, None, *first, *second


def _record(
    compute: Computation, inputs: Sequence[Tensor], dtype: torch.dtype, is_autocast_enabled: bool
) -> Tensor:
    """Compute with what torch keeps for each thread: whether it records a graph, and autocast."""
    with torch.enable_grad(), torch.autocast("cpu", dtype, is_autocast_enabled):
        return compute(*inputs)


def _differentiate(output: Tensor, inputs: Sequence[Tensor], gradient: Tensor) -> list[Tensor | None]:
    trained = [x for x in inputs if x.requires_grad]
    if not trained:
        return [None for _ in inputs]
    found = iter(torch.autograd.grad(output, trained, gradient))
    return [next(found) if x.requires_grad else None for x in inputs]


def _run_both(first: Callable[[], T], second: Callable[[], T]) -> tuple[T, T]:
    """Call the second in another thread while this one calls the first."""
    waiting = _second_thread().submit(second)
    try:
        result = first()
    finally:
        waiting.exception()  # neither goes on after the other failed
    return result, waiting.result()


@cache
def _second_thread() -> ThreadPoolExecutor:
    # Its number of threads is per thread too; asking for it takes over that of the process.
    return ThreadPoolExecutor(1, "side-by-side", initializer=torch.get_num_threads)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_second_thread.cache_clear)  # no thread goes on in a forked process
