"""Opens a checkpoint as data: nothing in the file is executed."""

import pickle
from pathlib import Path
from typing import Any

import torch

from app.errors import UserError


class CheckpointError(UserError):
    """A file that can't be opened as a checkpoint."""


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Return the content of a local checkpoint, tensors on the CPU.

    Raises:
        CheckpointError: No such file, not a checkpoint, damaged, or with something to execute inside.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: no such checkpoint")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path}: refused, for it holds more than plain data and tensors: {_first_line(error)}"
        ) from None
    except (RuntimeError, EOFError, ValueError, OSError, KeyError) as error:
        raise CheckpointError(f"{path}: not a whole checkpoint: {_first_line(error)}") from None
    if not isinstance(content, dict) or "state_dict" not in content:
        raise CheckpointError(f"{path}: not a Lightning checkpoint, for it has no state_dict")
    return content


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
