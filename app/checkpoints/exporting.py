"""Writes a model, or one of its submodules, in another format."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nested_lightning.app.checkpoints.model_file import read_model_file
from nested_lightning.app.checkpoints.new_files import new_at
from nested_lightning.app.checkpoints.recipe import read_recipe
from nested_lightning.app.checkpoints.submodule_names import find_in_file
from nested_lightning.app.checkpoints.weights_file import ExportedPart, to_safetensors
from nested_lightning.app.foreign_files import foreign_file


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
