"""The random generators of torch, Python and NumPy: seeded for a while, saved, put back."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.random.mtrand import get_bit_generator, set_bit_generator


def hashed(*numbers: int) -> int:
    """Return a seed that depends on several numbers, each at least 0.

    torch's CPU generator keeps 32 bits of a seed, and so has this one.
    """
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


@contextmanager
def seeded_generators(seed: int) -> Iterator[None]:
    """Seed the generators of torch, Python and numpy, and put their state back afterwards."""
    before = get_random_state()
    seed_generators(seed)
    try:
        yield
    finally:
        set_random_state(before)


_spare: list[np.random.MT19937] = []
"""Generators of NumPy that aren't in use: one takes longer to make than to seed."""


@contextmanager
def drawing_apart(seed: int) -> Iterator[None]:
    """Draw from separate random numbers within the block; all others, and any device's, go on as before.

    The seed is at least 0, below 2³².
    """
    python, numpy = random.getstate(), get_bit_generator()
    own = _spare.pop() if _spare else np.random.MT19937()
    try:
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            random.seed(seed)
            set_bit_generator(own)  # saving NumPy's state would take four times as long as all the rest
            np.random.seed(seed)
            yield
    finally:
        random.setstate(python)
        set_bit_generator(numpy)
        _spare.append(own)


def seed_generators(seed: int) -> None:
    """Seed the generators of torch, Python and numpy."""
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)


def get_random_state() -> dict[str, Any]:
    """Return the state of torch (CPU and CUDA), Python and numpy as tensors and plain values."""
    version, words, next_gauss = random.getstate()
    numpy_state: dict[str, Any] = np.random.get_state(legacy=False)
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "python": {"version": version, "words": torch.tensor(words), "next_gauss": next_gauss},
        "numpy": {
            "words": torch.from_numpy(numpy_state["state"]["key"].astype(np.int64)),
            "position": int(numpy_state["state"]["pos"]),
            "has_gauss": int(numpy_state["has_gauss"]),
            "next_gauss": float(numpy_state["gauss"]),
        },
    }


def set_random_state(state: dict[str, Any]) -> None:
    """Set the generators to a state that `get_random_state` returned.

    The state of CUDA generators is left out where the number of devices is another one.
    """
    torch.set_rng_state(state["torch"].cpu())
    if state["cuda"] and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all([device_state.cpu() for device_state in state["cuda"]])
    python, numpy_state = state["python"], state["numpy"]
    random.setstate((python["version"], tuple(python["words"].tolist()), python["next_gauss"]))
    words = numpy_state["words"].numpy().astype(np.uint32)
    gauss = (numpy_state["has_gauss"], numpy_state["next_gauss"])
    np.random.set_state(("MT19937", words, numpy_state["position"], *gauss))
