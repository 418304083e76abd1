"""Loggers besides metrics.csv, each of which goes on in its run where a training goes on.

Nothing that a person keeps secret is logged, and neither the command line nor the code, where it may stand.
"""

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.loggers import CSVLogger, Logger, TensorBoardLogger
from typing_extensions import override

from nested_lightning.app.checkpoints.recipe import Recipe
from nested_lightning.app.extras import require
from nested_lightning.app.training.epoch_callback import EpochCallback
from nested_lightning.app.training.reporting.secrets import without_secrets
from nested_lightning.app.training.runs.run_folder import RunFolder

_IDS = "ids"


class Tracker(Logger):
    """What our loggers have in common: they hide secrets, and know their names and runs.

    Each takes its name in the settings, ``item``, the run folder, and the id of the run to go on in, None for
    a new one; what else it takes is called as in Lightning's logger.

    Attributes:
        needs: The extra that brings what it needs, and the module that it needs; nothing, if empty.

    Raises:
        UserError: The module isn't installed.
    """

    needs: tuple[str, ...] = ()

    def __init__(self, *, item: str, **arguments: Any) -> None:
        if self.needs:
            require(f"trainer.loggers.{item}", *self.needs)
        super().__init__(**arguments)
        self.item = item

    @property
    def run(self) -> str | None:
        """The id by which a training that goes on finds its run again; None: it needs none."""
        return None

    @override
    def log_hyperparams(self, params: Any = None, *args: Any, **kwargs: Any) -> None:
        lightnings: Any = super()
        lightnings.log_hyperparams(without_secrets(plain_params(params)), *args, **kwargs)

    def note(self, name: str, text: str) -> None:
        """Record a fact about the run, replacing what was recorded under its name."""
        self.log_hyperparams({name: text})


class TensorBoard(Tracker, TensorBoardLogger):
    """TensorBoard's event files in the folder ``tensorboard`` of the run folder, which are continued."""

    needs = ("tensorboard", "tensorboard")

    def __init__(self, *, item: str, folder: Path, run: str | None = None) -> None:
        super().__init__(item=item, save_dir=folder, name="tensorboard", version="")


class Csv(Tracker, CSVLogger):
    """Lightning's CSV file in ``NAME/version_0`` of the run folder; one that goes on begins the next."""

    def __init__(self, *, item: str, folder: Path, run: str | None = None, **arguments: Any) -> None:
        super().__init__(item=item, save_dir=folder, name=item, **arguments)


def plain_params(params: Any) -> dict[str, Any]:
    """Return hyper-parameters as a mapping."""
    return vars(params) if isinstance(params, Namespace) else dict(params or {})


class LoggerRuns(EpochCallback):
    """Logs settings, overrides, the data's fingerprint and the best checkpoint; saves the ids of runs."""

    def __init__(self, *, run_folder: RunFolder) -> None:
        self._run_folder = run_folder
        self._ids: dict[str, str] = {}

    @override
    def state_dict(self) -> dict[str, Any]:
        """Return the id of each logger's run by the logger's name, if there are any."""
        return {_IDS: self._ids} if self._ids else {}

    @override
    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        recipe = getattr(pl_module, "recipe", None)
        trackers = _trackers(trainer)
        self._ids = {one.item: one.run for one in trackers if one.run}
        if isinstance(recipe, Recipe):
            for tracker in trackers:
                tracker.log_hyperparams(_facts(recipe))

    @override
    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        for tracker in _trackers(trainer):
            tracker.note("best_checkpoint", str(self._run_folder.checkpoint_of_results))


def saved_run_ids(checkpoint: Mapping[str, Any]) -> dict[str, str]:
    """Return the ids of runs in a checkpoint, by the loggers' names."""
    state = checkpoint.get("callbacks", {}).get(LoggerRuns.__qualname__, {})
    return {str(name): str(run) for name, run in state.get(_IDS, {}).items()}


def _trackers(trainer: Trainer) -> list[Tracker]:
    return [logger for logger in trainer.loggers if isinstance(logger, Tracker)]


def _facts(recipe: Recipe) -> dict[str, Any]:
    return {
        "settings": recipe.settings,
        "overrides": {each.path: each.text for each in recipe.overrides},
        "data_fingerprint": recipe.data_spec.get("fingerprint"),
        "versions": recipe.versions,
    }
