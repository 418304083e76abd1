"""Opens whatever file holds a model: a checkpoint, or weights that were exported."""

from pathlib import Path
from typing import Any

from nested_lightning.app.checkpoints.checkpoint_io import local_path, read_checkpoint
from nested_lightning.app.checkpoints.weights_file import SUFFIX, read_safetensors
from nested_lightning.app.errors import UserError


def read_model_file(path: Path) -> dict[str, Any]:
    """Return the content of a checkpoint or of an exported safetensors file, tensors on the CPU.

    Raises:
        UserError: It can't be opened safely, is damaged, or holds no weights by name.
    """
    content = read_safetensors(local_path(path)) if path.suffix == SUFFIX else read_checkpoint(path)
    state = content.get("state_dict")
    if not isinstance(state, dict) or not all(hasattr(each, "untyped_storage") for each in state.values()):
        raise UserError(f"checkpoint {path}: holds no weights by name under state_dict")
    return content
