"""What a sweep asks, and so what must stay as it is while it goes on."""

from typing import Any

from nested_lightning.settings.application import is_data_path
from nested_lightning.settings.reading.merging import flatten
from nested_lightning.settings.searching.space import SearchSpace
from nested_lightning.settings.sweep import SweepSettings

_OF_THE_MACHINE = (
    "run_dir",
    "prediction",
    "trainer.use_progress_bar",
    "trainer.use_report",
    "trainer.num_threads",
    "trainer.accelerator",
    "trainer.devices",
    "trainer.num_nodes",
    "trainer.strategy",
    "trainer.checkpoint_every_n_steps",
    "trainer.checkpoint_every_n_seconds",
)
"""Settings and sections that may be others when a sweep goes on."""


def question_of(space: SearchSpace, sweep: SweepSettings) -> dict[str, Any]:
    """Return all that must stay as it is while a sweep goes on, by the names that users know."""
    settings = space.settings
    plain = {".".join(names): value for names, value in flatten(settings.to_plain()).items()}
    return {
        "search": space.document(),
        "objective": [f"{one.name}:{one.direction}" for one in sweep.objectives],
        "sampler": sweep.sampler,
        "pruner": sweep.pruner,
        "folds": sweep.folds,
        **{
            name: value
            for name, value in plain.items()
            if not is_of_the_machine(name) and not is_data_path(name, settings.family)
        },
    }


def is_of_the_machine(name: str) -> bool:
    """Return whether a setting, by its dotted name, may be another one when a sweep goes on."""
    return any(name == one or name.startswith(f"{one}.") for one in _OF_THE_MACHINE)
