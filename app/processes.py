"""The processes that train one model together: which one this is, and what each of them has."""

from typing import TypeVar

from torch import distributed

T = TypeVar("T")


def rank_and_world_size() -> tuple[int, int]:
    """Return this process's number and how many there are: 0 and 1 without a process group."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


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
    """Return this process's own of what `gather_from_ranks` gathered; None where there were other ranks."""
    rank, world_size = rank_and_world_size()
    return values[rank] if len(values) == world_size else None
