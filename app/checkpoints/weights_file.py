"""The weights of a model alone as a safetensors file, with the recipe in its metadata."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor

from nested_lightning.app.checkpoints.recipe import CHECKPOINT_KEY
from nested_lightning.app.errors import UserError

SUFFIX = ".safetensors"
_SHARED = "shared_tensors"
_PROGRESS = "training"


def to_safetensors(checkpoint: Mapping[str, Any]) -> bytes:
    """Return weights and recipe of a checkpoint in the format safetensors.

    A tensor that has several names, since a submodule stands at several places, is written once.

    Args:
        checkpoint: What `app.checkpoints.checkpoint_io.read_checkpoint` gave, with a recipe.
    """
    names: dict[tuple[Any, ...], str] = {}
    tensors: dict[str, Tensor] = {}
    shared: dict[str, str] = {}
    for name, tensor in checkpoint["state_dict"].items():
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
    }
    return safetensors.torch.save(tensors, metadata)


def read_safetensors(path: Path) -> dict[str, Any]:
    """Return what `to_safetensors` wrote, with the keys of a checkpoint.

    Raises:
        UserError: There is no such file, or it is damaged.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        shared = json.loads(metadata.get(_SHARED, "{}"))
        state.update({name: state[first] for name, first in shared.items()})
        progress = json.loads(metadata.get(_PROGRESS, "{}"))
        counts = {key: int(progress[key]) for key in ("epoch", "global_step") if key in progress}
    except (safetensors.SafetensorError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise UserError(f"{path} is damaged or no safetensors file: {error}") from error
    recipe = {CHECKPOINT_KEY: metadata[CHECKPOINT_KEY]} if CHECKPOINT_KEY in metadata else {}
    return {"state_dict": state, **counts, **recipe}


def _identity(tensor: Tensor) -> tuple[Any, ...]:
    storage = tensor.untyped_storage().data_ptr()
    return (storage, tensor.storage_offset(), tuple(tensor.shape), tensor.stride(), tensor.dtype)
