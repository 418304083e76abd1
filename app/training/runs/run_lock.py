"""One training at a time in a run folder."""

from contextlib import AbstractContextManager

from nested_lightning.app.locks import locked as locked_file
from nested_lightning.app.training.runs.run_folder import RunFolder


def locked(folder: RunFolder) -> AbstractContextManager[None]:
    """Keep other processes from training in the folder for as long as the block lasts.

    Raises:
        UserError: Another process trains in it.
    """
    return locked_file(
        folder.lock_file,
        refusal=f"run folder {folder.path}: another process is training in it; wait for its end, or stop it"
        " first",
    )
