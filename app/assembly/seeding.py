"""Initial weights that depend on the seed and on the submodule's own path alone."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def derive_seed(seed: int, path: str) -> int:
    """Return a seed of 63 bits for one path, the same on every machine and in every process."""
    digest = hashlib.sha256(f"{seed}:{path}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


@contextmanager
def seeded(seed: int, path: str) -> Iterator[None]:
    """Draw torch's random numbers on the CPU from `derive_seed`, and put its state back afterwards."""
    before = torch.default_generator.get_state()
    torch.default_generator.manual_seed(derive_seed(seed, path))
    try:
        yield
    finally:
        torch.default_generator.set_state(before)
