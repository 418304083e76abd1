"""Writes a model in another format."""

from pathlib import Path

from app.checkpoints.model_file import read_model_file
from app.checkpoints.recipe import read_recipe
from app.checkpoints.weights_file import to_safetensors
from app.training.checkpoint_io import disk_full_as_user_error, replace_atomically


def export_safetensors(checkpoint: Path, output: Path) -> None:
    """Write weights and recipe of a checkpoint as a safetensors file, whole or not at all.

    Raises:
        UserError: The checkpoint can't be read or has no recipe, or the disk is full.
    """
    content = read_model_file(checkpoint)
    read_recipe(content, source=checkpoint)  # refuse here what can't be read again
    output.parent.mkdir(parents=True, exist_ok=True)
    with disk_full_as_user_error(output.parent), replace_atomically(output) as file:
        file.write(to_safetensors(content))
