"""The processes that train one model together: which one this is, and its share."""

import os
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TypeVar

import torch
from torch import Tensor, distributed, nn
from torch.distributed import TCPStore  # type: ignore[attr-defined]

T = TypeVar("T")

_PATIENCE = timedelta(days=1)
"""For what may be a download."""


def rank_and_world_size() -> tuple[int, int]:
    """Return this process's number and how many there are: 0 and 1 without a process group."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def torchrun_store(patience: timedelta) -> TCPStore | None:
    """Return the store by which ``torchrun`` has its processes find one another; None: it started none."""
    if os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True":
        return None
    host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    return TCPStore(host, port, is_master=False, timeout=patience)


def once_a_node(work: Callable[[], object], *, name: str) -> None:
    """Do something before there is a process group, in the first process of each machine; the others wait.

    Those that Lightning starts come after the first one has done it. Where nothing says when the first one
    is ready, as under ``srun``, each process does it. Other work has another name, the same in all processes.
    """
    is_first = int(os.environ.get("LOCAL_RANK", 0)) == 0
    store = torchrun_store(_PATIENCE)
    key = f"{name}/{os.environ.get('GROUP_RANK', 0)}/{os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)}"
    if is_first:
        work()
    if store and is_first:
        store.set(key, "done")
    elif store:
        store.wait([key], _PATIENCE)


def own_share(size: int) -> slice:
    """Return this process's part of a batch of ``size`` samples, one block for each process in turn."""
    rank, world_size = rank_and_world_size()
    return slice(size * rank // world_size, size * (rank + 1) // world_size)


def gather_from_ranks(value: T) -> list[T]:
    """Return the value of each process, by its rank; every process has to call this at the same step."""
    _, world_size = rank_and_world_size()
    if world_size == 1:
        return [value]
    gathered: list[T | None] = [None] * world_size
    distributed.all_gather_object(gathered, value)
    return [each for each in gathered if each is not None]


def of_this_rank(values: list[T]) -> T | None:
    """Return this process's own value of `gather_from_ranks`; None if there were other ranks."""
    rank, world_size = rank_and_world_size()
    return values[rank] if len(values) == world_size else None


def sum_over_ranks(values: Tensor) -> Tensor:
    """Return the sum of each process's values; every process has to call this at the same step."""
    if rank_and_world_size()[1] > 1:
        values = values.clone()
        distributed.all_reduce(values)
    return values


def mean_over_ranks(loss: Tensor, weight: Tensor | float) -> Tensor:
    """Return the mean of all processes' losses by their weights, as one process with all samples has it.

    Averaged over the processes, as DDP does, its gradients are those of this mean.

    Args:
        loss: Mean loss of this process's share of a batch, a scalar.
        weight: What that share counts: its samples, labels or tokens, or their weights.
    """
    _, world_size = rank_and_world_size()
    if world_size == 1:
        return loss
    own_weight = torch.as_tensor(weight, dtype=torch.float32, device=loss.device)
    total, total_weight = sum_over_ranks(torch.stack([loss.detach().float() * own_weight, own_weight]))
    own = loss * (own_weight * world_size / total_weight)
    return own + (total / total_weight - own).detach()


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace each gradient by its mean over the processes; one that a process lacks counts as 0 there."""
    members = list(parameters)
    _, world_size = rank_and_world_size()
    if world_size == 1 or not members:
        return
    gradients = [torch.zeros_like(each) if each.grad is None else each.grad for each in members]
    is_there = gradients[0].new_tensor([each.grad is not None for each in members])
    flat = sum_over_ranks(torch.cat([*(each.flatten() for each in gradients), is_there]))
    parts = flat.split([*(each.numel() for each in members), len(members)])
    for parameter, mean, is_anywhere in zip(members, parts, parts[-1].tolist(), strict=False):
        parameter.grad = (mean / world_size).view_as(parameter) if is_anywhere else None
