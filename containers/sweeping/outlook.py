"""What is known of a sweep before it begins: which kinds can't be built, and how long an epoch takes."""

import tempfile
from pathlib import Path
from typing import Any

from nested_lightning.app.errors import UserError
from nested_lightning.containers.checking.model_check import check_application
from nested_lightning.containers.starting.bootstrapping import bootstrap, provider_of
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.searching.space import SearchedParameter, SearchSpace


def unfit_kinds(space: SearchSpace) -> dict[tuple[str, str], str]:
    """Return what is wrong with each kind that is searched and can't be built, by path and kind.

    Each is built on ``meta``, with the first kinds of the choices that it needs.
    """
    return {
        (one.path, kind): faults[0]
        for one in space.parameters
        if one.path.endswith(".kind")
        for kind in one.choices
        if (faults := _faults(space, one, kind))
    }


def _faults(space: SearchSpace, parameter: SearchedParameter, kind: Any) -> list[str]:
    needed = {path: kinds[0] for path, kinds in parameter.asked_when.items()}
    try:
        settings = space.settings.changed({**needed, parameter.path: kind})
        return [*map(str, check_application(bootstrap(settings), is_brief=True).faults)]
    except UserError as error:
        return [str(error)]


def seconds_of_an_epoch(settings: ApplicationSettings) -> float:
    """Train the defaults for an epoch, and return how long it takes here, with validation and the start."""
    with tempfile.TemporaryDirectory() as folder:
        changes = {
            "run_dir": str(Path(folder) / "run"),
            "trainer.max_epochs": 1,
            "trainer.use_progress_bar": False,
            "trainer.use_report": False,
        }
        run = provider_of(bootstrap(settings.changed(changes)), "training_run")()
        return float(run().duration_s)
