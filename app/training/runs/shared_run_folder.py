"""One run folder for all processes that train together: the first one makes it and shares its path."""

import os
from datetime import timedelta
from pathlib import Path

from nested_lightning.app.errors import UserError
from nested_lightning.app.launch import is_restarted, launched_rank
from nested_lightning.app.processes import torchrun_store
from nested_lightning.app.training.runs.run_folder import RunFolder

_VARIABLE = "_NESTED_LIGHTNING_RUN_DIR"
_PATIENCE = timedelta(minutes=5)


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
