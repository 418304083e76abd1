"""What each of several processes knows, gathered into one checkpoint."""

from typing import TypeVar

from torch import distributed

from app.data.batch_loader import rank_and_world_size

T = TypeVar("T")


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
