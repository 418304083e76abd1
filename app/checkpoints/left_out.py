"""Tensors that a checkpoint leaves out, since they are in another file and never change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from nested_lightning.app.checkpoints.checkpoint_io import LEFT_OUT
from nested_lightning.app.checkpoints.model_file import read_model_file
from nested_lightning.app.errors import UserError
from nested_lightning.app.foreign_files import sha256_of


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """The tensors that one file has: its absolute path, its SHA-256, and their names there by those here."""

    file: str
    sha256: str
    names: dict[str, str]


_PARTS = TypeAdapter(list[LeftOut])


def left_out_of(checkpoint: Mapping[str, Any]) -> list[LeftOut]:
    """Return what a checkpoint leaves out."""
    return _PARTS.validate_json(checkpoint.get(LEFT_OUT, "[]"))


def leave_out(checkpoint: dict[str, Any], parts: Sequence[LeftOut]) -> None:
    """Leave tensors out of a checkpoint that is about to be written, and record where they are."""
    names = {name for part in parts for name in part.names}
    state = checkpoint["state_dict"].items()
    checkpoint["state_dict"] = {name: value for name, value in state if name not in names}
    checkpoint[LEFT_OUT] = _PARTS.dump_json([*parts]).decode()


def complete(checkpoint: dict[str, Any]) -> None:
    """Put into a checkpoint what it leaves out.

    Raises:
        UserError: A file with tensors is gone, is another one, or can't be read.
    """
    for part in left_out_of(checkpoint):
        file = Path(part.file)
        what = f"it leaves out {next(iter(part.names))} and the like, which are in {file}"
        if not file.exists():
            raise UserError(f"{what}, and that file is gone: put it back")
        if (found := sha256_of(file)) != part.sha256:
            raise UserError(
                f"{what}, and that file has changed: its SHA-256 is {found},"
                f" not {part.sha256}; put the other back"
            )
        given = read_model_file(file, is_part_enough=True)["state_dict"]
        checkpoint["state_dict"] |= {name: given[there] for name, there in part.names.items()}
