"""Files and folders that are written whole, where nothing is, or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nested_lightning.app.checkpoints.checkpoint_io import disk_full_as_user_error, temporary_of
from nested_lightning.app.errors import UserError
from nested_lightning.app.locks import locked


@contextmanager
def new_at(target: Path) -> Iterator[Path]:
    """Give a path beside the target; what the block writes there takes the target's place if it ends well.

    What a kill has left of an earlier one is removed.

    Raises:
        UserError: Something is there already, another process writes it, or the disk is full.
    """
    place = temporary_of(target)
    refusal = f"{target}: another process is writing it; wait for its end, or name another file"
    with (
        disk_full_as_user_error(target.absolute().parent, what=f"{target}", then="try again"),
        locked(place / "lock", refusal=refusal),
    ):
        try:
            refuse_existing(target)
            new = place / "new" / target.name
            shutil.rmtree(new.parent, ignore_errors=True)
            new.parent.mkdir()
            yield new
            new.rename(target)
        finally:
            shutil.rmtree(place, ignore_errors=True)


def refuse_existing(target: Path) -> None:
    """Refuse to write where something is.

    Raises:
        UserError: So it is.
    """
    if target.exists():
        raise UserError(f"{target} is there already; name another file, or remove it")
