"""Initial weights that depend on the seed and on the submodule's own path alone."""

import hashlib

import torch


def derive_seed(seed: int, path: str) -> int:
    """Return a seed of 63 bits for one path, the same on every machine and in every process."""
    digest = hashlib.sha256(f"{seed}:{path}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


class seeded:  # noqa: N801 - a context manager, called as a function is
    """Draw torch's random numbers on the CPU from `derive_seed`, and put its state back afterwards."""

    __slots__ = ("_before", "_seed")

    def __init__(self, seed: int, path: str) -> None:
        self._seed = derive_seed(seed, path)

    def __enter__(self) -> None:
        """Begin to draw from the seed."""
        self._before = torch.default_generator.get_state()
        torch.default_generator.manual_seed(self._seed)

    def __exit__(self, *error: object) -> None:
        """Put the state back."""
        torch.default_generator.set_state(self._before)
