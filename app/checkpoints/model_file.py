"""Opens whatever file holds a model, a checkpoint or exported weights, and exports the latter."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nested_lightning.app.checkpoints.checkpoint_io import local_path, read_checkpoint
from nested_lightning.app.checkpoints.new_files import new_at
from nested_lightning.app.checkpoints.recipe import read_recipe
from nested_lightning.app.checkpoints.submodule_names import find_in_file
from nested_lightning.app.checkpoints.weights_file import (
    PART_KEY,
    SUFFIX,
    ExportedPart,
    read_safetensors,
    to_safetensors,
)
from nested_lightning.app.errors import UserError
from nested_lightning.app.exported.runtime import is_exported
from nested_lightning.app.foreign_files import foreign_file

_COMPILED = "_orig_mod"
"""What `torch.compile` puts into the names of a module that replaces one of a model, once training begins."""


def read_model_file(path: Path, *, is_part_enough: bool = False, is_completed: bool = True) -> dict[str, Any]:
    """Return the content of a checkpoint or of an exported safetensors file, tensors on the CPU.

    Args:
        path: The file.
        is_part_enough: Whether it may hold a submodule alone; else the whole model has to be there.
        is_completed: See `read_checkpoint`.

    Raises:
        UserError: It can't be opened safely, is damaged, is exported as graphs, holds no weights by name, or
            those of a submodule.
    """
    if is_exported(path) or path.suffix.lower() == ".pt2":
        raise UserError(
            f"{path}: holds graphs without the model, for predict and serve if it is ONNX; name the"
            " checkpoint that it was exported from"
        )
    content = (
        read_safetensors(local_path(path))
        if path.suffix == SUFFIX
        else read_checkpoint(path, is_completed=is_completed)
    )
    state = content.get("state_dict")
    if not isinstance(state, dict) or not all(hasattr(each, "untyped_storage") for each in state.values()):
        raise UserError(f"checkpoint {path}: holds no weights by name under state_dict")
    part = content.get(PART_KEY)
    if isinstance(part, ExportedPart) and not is_part_enough:
        raise UserError(f"{path}: holds the weights of {part.path} alone; name a file with the whole model")
    content["state_dict"] = {_uncompiled(name): value for name, value in state.items()}
    return content


def export_safetensors(
    checkpoint: Path, output: Path, *, submodule: str | None = None, content: Mapping[str, Any] | None = None
) -> None:
    """Write weights and recipe of a checkpoint as a safetensors file, whole or not at all.

    Args:
        checkpoint: The checkpoint, or a file that was exported before.
        output: The file to write.
        submodule: Path of the submodule whose weights alone are written, by their names within it; None: all.
        content: What is written instead of what the checkpoint holds, e.g. with adapters merged; None: that.

    Raises:
        UserError: The checkpoint can't be read or has no recipe or no such submodule, or the disk is full.
    """
    content = read_model_file(checkpoint) if content is None else content
    read_recipe(content, source=checkpoint)  # refuse here what can't be read again
    part = None
    if submodule is not None:
        part = ExportedPart(path=submodule, place=find_in_file(content, submodule, source=checkpoint))
    with foreign_file(checkpoint):
        exported = to_safetensors(content, part=part)
    with new_at(output) as new:
        new.write_bytes(exported)


def _uncompiled(name: str) -> str:
    return ".".join(part for part in name.split(".") if part != _COMPILED)
