"""Writes a model in another format."""

from pathlib import Path

from nested_lightning.app.checkpoints.checkpoint_io import disk_full_as_user_error, replace_atomically
from nested_lightning.app.checkpoints.model_file import read_model_file
from nested_lightning.app.checkpoints.recipe import read_recipe
from nested_lightning.app.checkpoints.weights_file import to_safetensors
from nested_lightning.app.foreign_files import foreign_file


def export_safetensors(checkpoint: Path, output: Path) -> None:
    """Write weights and recipe of a checkpoint as a safetensors file, whole or not at all.

    Raises:
        UserError: The checkpoint can't be read or has no recipe, or the disk is full.
    """
    content = read_model_file(checkpoint)
    read_recipe(content, source=checkpoint)  # refuse here what can't be read again
    with foreign_file(checkpoint):
        exported = to_safetensors(content)
    output.parent.mkdir(parents=True, exist_ok=True)
    with disk_full_as_user_error(output.parent), replace_atomically(output) as file:
        file.write(exported)
