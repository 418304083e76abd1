"""How long a trial takes: an epoch of the defaults is trained, and thrown away."""

import tempfile
from pathlib import Path

from nested_lightning.containers.starting.bootstrapping import bootstrap, provider_of
from nested_lightning.settings.application import ApplicationSettings


def seconds_of_an_epoch(settings: ApplicationSettings) -> float:
    """Return how long an epoch takes on this machine, validation and the start of a training included."""
    with tempfile.TemporaryDirectory() as folder:
        changes = {
            "run_dir": str(Path(folder) / "run"),
            "trainer.max_epochs": 1,
            "trainer.use_progress_bar": False,
            "trainer.use_report": False,
        }
        application = bootstrap(settings.changed(changes))
        run = provider_of(application, "training_run")()
        return float(run().duration_s)
