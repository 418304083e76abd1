"""The random state of a training, saved with it: what makes a resumed training go on exactly."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from typing_extensions import override

from nested_lightning.app.foreign_files import foreign_file
from nested_lightning.app.processes import gather_from_ranks, of_this_rank, rank_and_world_size


class RandomState(Callback):
    """Saves the state of torch's, Python's and numpy's random generators, of every process.

    A resumed training restores it when training starts, after everything that was built and may have drawn
    from the generators, and has its training loader go on where it was. The state is
    plain values and tensors, which load with ``weights_only=True``.

    Processes that train together draw differently: where training begins, each but the first branches off
    from the state that all of them have. With another number of processes than before, they branch off from
    that of the first one.
    """

    def __init__(self) -> None:
        self._loaded: list[dict[str, Any]] = []
        self._place: list[dict[str, Any]] = []

    @override
    def state_dict(self) -> dict[str, Any]:
        """Return the state of all generators at this moment, by rank."""
        return {"ranks": gather_from_ranks(get_random_state())}

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Keep a saved state until training starts."""
        self._loaded = state_dict["ranks"]

    @override
    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Keep the training loader's place until training starts.

        Lightning 2.6 leaves it aside in two cases: for a checkpoint taken at the end of an epoch, and when
        ``trainer.estimated_stepping_batches`` was read in ``configure_optimizers``, before anything was
        restored. The data of the first epoch would come once more.
        """
        loop = checkpoint.get("loops", {}).get("fit_loop", {}).get("state_dict", {})
        self._place = loop.get("combined_loader", [])

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Restore the state that was loaded, if one was, and first that of the training loader."""
        with foreign_file(trainer.ckpt_path):
            self._restore(trainer)

    @override
    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Restore it where there was nothing left to train."""
        if self._loaded:
            self.on_train_start(trainer, pl_module)

    def _restore(self, trainer: Trainer) -> None:
        loader: Any = trainer.train_dataloader
        if self._place and hasattr(loader, "load_state_dict"):
            loader.load_state_dict(self._place[0])  # which may draw from the generators
        self._place = []
        own = of_this_rank(self._loaded)
        if own is not None:
            set_random_state(own)
        else:
            _branch_off(self._loaded)
        self._loaded = []


def _branch_off(states: list[dict[str, Any]]) -> None:
    """Take up the first of the states, if there is one, and have each process but the first leave it."""
    if states:
        set_random_state(states[0])
    if (rank := rank_and_world_size()[0]) > 0:
        drawn = int(torch.randint(2**31, ()))
        seed_generators(int(np.random.SeedSequence([drawn, rank]).generate_state(1)[0]))


@contextmanager
def seeded_generators(seed: int) -> Iterator[None]:
    """Seed the generators of torch, Python and numpy, and put their state back afterwards."""
    before = get_random_state()
    seed_generators(seed)
    try:
        yield
    finally:
        set_random_state(before)


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
