"""Opens whatever file holds a model: a checkpoint, or weights that were exported."""

from pathlib import Path
from typing import Any

from nested_lightning.app.checkpoints.checkpoint_io import local_path, read_checkpoint
from nested_lightning.app.checkpoints.weights_file import PART_KEY, SUFFIX, ExportedPart, read_safetensors
from nested_lightning.app.errors import UserError
from nested_lightning.app.exported.manifest import MANIFEST_NAME

_GRAPHS = (".onnx", ".pt2")
"""Endings of exported graphs."""

_COMPILED = "_orig_mod."
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
    if path.suffix.lower() in _GRAPHS or (path / MANIFEST_NAME).is_file():
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
    content["state_dict"] = {name.replace(_COMPILED, ""): value for name, value in state.items()}
    return content
