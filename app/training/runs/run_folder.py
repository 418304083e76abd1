"""The folder that holds everything one training leaves behind; all processes that train together share it."""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from nested_lightning.app.checkpoints.checkpoint_io import temporary_of, write_atomically
from nested_lightning.app.checkpoints.recipe import Recipe
from nested_lightning.app.errors import UserError
from nested_lightning.app.exported.runtime import is_exported
from nested_lightning.app.launch import is_restarted, launched_rank
from nested_lightning.app.locks import locked
from nested_lightning.app.processes import torchrun_store
from nested_lightning.app.training.runs.fold_folders import folds_in

_VARIABLE = "_NESTED_LIGHTNING_RUN_DIR"
_PATIENCE = timedelta(minutes=5)


class _Inside:
    """The place of something in a run folder."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, folder: "RunFolder", owner: type["RunFolder"]) -> Path:
        return folder.path / self._name


@dataclass(frozen=True)
class RunFolder:
    """Where each file of one training lies."""

    path: Path
    settings_file = _Inside("settings.yaml")
    """The resolved settings, as YAML that `load_settings` takes back."""
    overrides_file = _Inside("overrides.json")
    """The overrides, as JSON; exists only if there are any."""
    checkpoints = _Inside("checkpoints")
    """The folder of the checkpoints."""
    best_checkpoint = _Inside("checkpoints/best.ckpt")
    """The checkpoint with the best monitored metric."""
    last_checkpoint = _Inside("checkpoints/last.ckpt")
    """The newest checkpoint, from which a training goes on."""
    metrics_file = _Inside("metrics.csv")
    """What was logged at each step, as CSV."""
    results_file = _Inside("results.json")
    """The metrics of the best checkpoint, as JSON."""
    log_file = _Inside("train.log")
    """The log of the training."""
    report_file = _Inside("report.html")
    """What people look at, as one HTML file."""
    lock_file = _Inside(".lock")
    """Locked while a process trains in the folder."""

    @classmethod
    def create(cls, path: Path) -> "RunFolder":
        """Make the folder ``path`` for a new training.

        Files that have nothing to do with a training may lie in it.

        Raises:
            UserError: It already holds a run, is a file, or can't be made.
        """
        folder = cls(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(_refusal(path, error)) from error
        if taken := folder.saved_files:
            raise UserError(
                f"run folder {path} already holds a run ({taken[0].name}):"
                " name another folder, or move this one away"
            )
        return folder

    @classmethod
    def create_unique(cls, parent: Path, name: str) -> "RunFolder":
        """Make a new folder ``<name>-<date>-<time>`` in ``parent``, with a counter where that is taken.

        Raises:
            UserError: ``parent`` is a file, or nothing can be made in it.
        """
        stem = f"{name}-{datetime.now():%Y%m%d-%H%M%S}"
        try:
            parent.mkdir(parents=True, exist_ok=True)
            candidates = (parent / (f"{stem}-{number}" if number > 1 else stem) for number in count(1))
            return cls(next(path for path in candidates if _is_made(path)))
        except OSError as error:
            raise UserError(_refusal(parent, error)) from error

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """Return the folder ``path`` of a training that has begun.

        Raises:
            UserError: No training has begun in it, or what would be written in it lies elsewhere.
        """
        folder = cls(path)
        if not folder.settings_file.is_file():
            where = "no such folder" if not path.exists() else f"it holds no {folder.settings_file.name}"
            if folds := folds_in(path):
                where = f"it holds folds, which resume_cross_validation goes on with; one alone is {folds[0]}"
            raise UserError(
                f"run folder {path}: {where}, so there is no training to go on with; name the folder that"
                " run_dir named, or one in runs"
            )
        folder._refuse_links()
        return folder

    @property
    def checkpoint_of_results(self) -> Path:
        """The best checkpoint; the last one, where no validation chose a best."""
        return self.best_checkpoint if self.best_checkpoint.exists() else self.last_checkpoint

    def locked(self) -> AbstractContextManager[None]:
        """Keep other processes from training in the folder for as long as the block lasts.

        Raises:
            UserError: Another process trains in it.
        """
        refusal = "another process is training in it; wait for its end, or stop it first"
        return locked(self.lock_file, refusal=f"run folder {self.path}: {refusal}")

    def remove_leftovers(self) -> None:
        """Remove the remains of a write that a kill interrupted."""
        for file in self._files:
            temporary_of(file).unlink(missing_ok=True)

    def write_settings(self, settings: Mapping[str, Any], recipe: Recipe | None) -> None:
        """Write the settings; what was overridden besides stands in both files, so that no copy loses it."""
        if recipe is not None and recipe.overrides:
            settings = {**settings, "overrides": {each.path: each.text for each in recipe.overrides}}
            write_atomically(self.overrides_file, recipe.overrides_json)
        text = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
        write_atomically(self.settings_file, text.encode())

    def refuse_to_replace_results(self) -> None:
        """Refuse to train anew where a training has ended."""
        if self.results_file.exists():
            is_whole = self.checkpoint_of_results.is_file()
            rest = ":" if is_whole else ", and its checkpoints are gone: put them back, or"
            raise UserError(
                f"run folder {self.path}: its training has ended{rest} begin a new training in another folder"
            )

    def _refuse_links(self) -> None:
        """Refuse a folder, maybe from elsewhere, in which a write would end outside of it or never."""
        for place in (self.checkpoints, *self._files):
            is_odd = place.exists() and not (place.is_dir() if place == self.checkpoints else place.is_file())
            if is_odd or place.is_symlink():
                raise UserError(
                    f"run folder {self.path}: {place.relative_to(self.path)} is a link or no file of its own;"
                    " put a copy of what it stands for in its place"
                )

    @property
    def _files(self) -> tuple[Path, ...]:
        return (
            *(self.settings_file, self.overrides_file, self.best_checkpoint, self.last_checkpoint),
            *(self.metrics_file, self.results_file, self.log_file, self.lock_file),
        )

    @property
    def saved_files(self) -> list[Path]:
        """Those of the run's files and folders that exist."""
        files = (self.settings_file, self.checkpoints, self.metrics_file, self.results_file, self.log_file)
        return [file for file in files if file.exists()]


def model_file_in(path: Path) -> Path:
    """Return a file that holds a model; of a run folder, the checkpoint that its results are of.

    A folder of exported graphs stays what it is.

    Raises:
        UserError: It is the folder of a cross-validation, which has a model for each fold.
    """
    if folds := folds_in(path):
        raise UserError(
            f"{path} holds {len(folds)} folds, each with its own model: name one, e.g. {folds[0]}"
        )
    is_run = path.is_dir() and not is_exported(path)
    return RunFolder(path).checkpoint_of_results if is_run else path


def _is_made(path: Path) -> bool:
    """Make a folder, and return whether it wasn't there."""
    try:
        path.mkdir()
    except FileExistsError:
        return False
    return True


def _refusal(path: Path, error: OSError) -> str:
    return (
        f"run folder {path} can't be made: {error.strerror}; name a folder that can be written, or free space"
    )


def open_run_folder(path: Path | None, *, name: str, number: int = 1) -> RunFolder:
    """Make the run folder ``path``, or ``runs/<name>-<date>-<time>`` in the current folder.

    Of several trainings in a container each has its own: the second one ``<path>-2``.

    Of several processes that train together, the first one makes the folder and the others share it.

    Raises:
        UserError: See `RunFolder.create`; or several processes don't know which folder is theirs.
    """
    if path is not None and number > 1:
        path = path.with_name(f"{path.name}-{number}")
    if launched_rank() > 0:
        return RunFolder(path or _shared_path())
    folder = RunFolder.create_unique(Path("runs"), name) if path is None else RunFolder.create(path)
    if path is None:
        _share(folder.path.absolute())
    return folder


def _share(path: Path) -> None:
    os.environ[_VARIABLE] = str(path)  # for the processes that Lightning starts
    if store := torchrun_store(_PATIENCE):
        store.set(_key(), str(path))


def _shared_path() -> Path:
    if store := torchrun_store(_PATIENCE):
        return Path(store.get(_key()).decode())
    if _VARIABLE not in os.environ:
        raise UserError("several processes train together: name the folder that they share by run_dir=FOLDER")
    return Path(os.environ[_VARIABLE])


def _key() -> str:
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") if is_restarted() else "0"
    return f"{_VARIABLE}/{attempt}"
