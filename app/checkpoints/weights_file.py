"""The weights of a model, or of one submodule, as a safetensors file with the recipe in its metadata."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from pydantic import TypeAdapter
from torch import Tensor

from nested_lightning.app.checkpoints.recipe import CHECKPOINT_KEY, Line
from nested_lightning.app.errors import UserError
from nested_lightning.app.foreign_files import foreign_file, regular_file

SUFFIX = ".safetensors"
PART_KEY = "submodule"
"""Where it stands which submodule a file holds alone."""

_SHARED = "shared_tensors"
_PROGRESS = "training"
_DIGEST = "sha256"
_NO_DIGEST = "sha256:" + 64 * "0"
_PIECE = 1 << 20


@dataclass(frozen=True, kw_only=True)
class ExportedPart:
    """A submodule whose weights alone are in a file: its path, and where the composite holds it."""

    path: Line
    place: Line


_PARTS = TypeAdapter(ExportedPart)


def to_safetensors(checkpoint: Mapping[str, Any], *, part: ExportedPart | None = None) -> bytes:
    """Return weights and recipe of a checkpoint, or of one part of it, in the format safetensors.

    A tensor that has several names, since a submodule stands at several places, is written once.
    """
    within = "" if part is None else f"{part.place}."
    state = checkpoint["state_dict"].items()
    names: dict[tuple[Any, ...], str] = {}
    tensors: dict[str, Tensor] = {}
    shared: dict[str, str] = {}
    for name, tensor in ((name.removeprefix(within), one) for name, one in state if name.startswith(within)):
        first = names.setdefault(_identity(tensor), name) if tensor.numel() else name
        if first == name:
            tensors[name] = tensor.detach().cpu().clone().contiguous()
        else:
            shared[name] = first
    progress = {key: int(checkpoint[key]) for key in ("epoch", "global_step") if key in checkpoint}
    metadata = {
        "format": "pt",
        CHECKPOINT_KEY: checkpoint[CHECKPOINT_KEY],
        _SHARED: json.dumps(shared),
        _PROGRESS: json.dumps(progress),
        **({PART_KEY: _PARTS.dump_json(part).decode()} if part else {}),
    }
    content = safetensors.torch.save(tensors, metadata | {_DIGEST: _NO_DIGEST})
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    return content.replace(_NO_DIGEST.encode(), digest.encode(), 1)


def read_safetensors(path: Path) -> dict[str, Any]:
    """Return what `to_safetensors` wrote, with the keys and names of a checkpoint.

    A digest of the whole file, with zeros in its own place, is in the metadata; older exports have none.

    Raises:
        UserError: There is no such file, it is damaged, or its digest is another one.
    """
    with foreign_file(regular_file(path)):
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            _verify_digest(path, metadata.get(_DIGEST))
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        shared = json.loads(metadata.get(_SHARED, "{}"))
        state.update({name: state[first] for name, first in shared.items()})
        progress = json.loads(metadata.get(_PROGRESS, "{}"))
        counts = {key: int(progress[key]) for key in ("epoch", "global_step") if key in progress}
        part = {PART_KEY: _PARTS.validate_json(metadata[PART_KEY])} if PART_KEY in metadata else {}
    recipe = {CHECKPOINT_KEY: metadata[CHECKPOINT_KEY]} if CHECKPOINT_KEY in metadata else {}
    within = f"{part[PART_KEY].place}." if part else ""
    return {"state_dict": {within + name: one for name, one in state.items()}, **counts, **recipe, **part}


def _verify_digest(path: Path, digest: str | None) -> None:
    if digest is None:
        return
    with path.open("rb") as file:
        length = file.read(8)
        header = file.read(int.from_bytes(length, "little"))
        found = hashlib.sha256(length + header.replace(digest.encode(), _NO_DIGEST.encode(), 1))
        while piece := file.read(_PIECE):
            found.update(piece)
    if digest != f"sha256:{found.hexdigest()}":
        raise UserError("it isn't what was written: its digest is another one; export it again")


def _identity(tensor: Tensor) -> tuple[Any, ...]:
    storage = tensor.untyped_storage().data_ptr()
    return (storage, tensor.storage_offset(), tuple(tensor.shape), tensor.stride(), tensor.dtype)
