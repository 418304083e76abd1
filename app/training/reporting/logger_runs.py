"""What loggers receive about a training besides its metrics, and the ids of their runs."""

from collections.abc import Mapping
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from typing_extensions import override

from nested_lightning.app.checkpoints.recipe import Recipe
from nested_lightning.app.training.epoch_callback import EpochCallback
from nested_lightning.app.training.reporting.loggers import Tracker
from nested_lightning.app.training.runs.run_folder import RunFolder

_IDS = "ids"


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
