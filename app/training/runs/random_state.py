"""The random state of a training, saved with it: what makes a resumed training go on exactly."""

from typing import Any

import torch
from pytorch_lightning import LightningModule, Trainer
from typing_extensions import override

from nested_lightning.app.foreign_files import foreign_file
from nested_lightning.app.processes import gather_from_ranks, of_this_rank, rank_and_world_size
from nested_lightning.app.random_numbers import get_random_state, hashed, seed_generators, set_random_state
from nested_lightning.app.training.epoch_callback import EpochCallback


class RandomState(EpochCallback):
    """Saves the state of torch's, Python's and numpy's random generators, of every process.

    A resumed training restores it when training starts, after everything that was built and may have drawn
    from the generators. The state is plain values and tensors, which load with ``weights_only=True``.

    Processes that train together draw differently: where training begins, each but the first branches off
    from the state that all of them have. With another number of processes than before, they branch off from
    that of the first one.
    """

    def __init__(self) -> None:
        self._loaded: list[dict[str, Any]] = []

    @override
    def state_dict(self) -> dict[str, Any]:
        """Return the state of all generators at this moment, by rank."""
        return {"ranks": gather_from_ranks(get_random_state())}

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._loaded = state_dict["ranks"]

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        with foreign_file(trainer.ckpt_path):
            own = of_this_rank(self._loaded)
            if own is not None:
                set_random_state(own)
            else:
                _branch_off(self._loaded)
        self._loaded = []

    @override
    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Restore it where there was nothing left to train."""
        if self._loaded:
            self.on_train_start(trainer, pl_module)


def _branch_off(states: list[dict[str, Any]]) -> None:
    """Take up the first of the states, if there is one, and have each process but the first leave it."""
    if states:
        set_random_state(states[0])
    if (rank := rank_and_world_size()[0]) > 0:
        drawn = int(torch.randint(2**31, ()))
        seed_generators(hashed(drawn, rank))
