"""First weights of one submodule, from a file of ours or of another library."""

import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from nested_lightning.app.checkpoints.foreign_weights import match_names, tensors_within
from nested_lightning.app.checkpoints.model_file import read_model_file
from nested_lightning.app.checkpoints.recipe import CHECKPOINT_KEY
from nested_lightning.app.checkpoints.submodule_names import places_in_file
from nested_lightning.app.errors import UserError
from nested_lightning.app.foreign_files import sha256_of
from nested_lightning.app.training.adapters import is_of_adapter

_logger = logging.getLogger("nested_lightning.submodule_policies")


@dataclass(frozen=True)
class Taken:
    """First weights that were loaded: their names in the file, by those within the submodule.

    The record says where they are from, how many they are, and what isn't taken, as plain data.
    """

    names: Mapping[str, str]
    record: dict[str, Any]


def load_part(
    module: nn.Module, path: str, file: Path, *, init_path: str | None, is_part_enough: bool
) -> Taken:
    """Load the first weights of a submodule from a file; adapters that it hasn't stay as they are.

    Args:
        module: The submodule.
        path: Its path, for messages.
        file: A checkpoint, or a file of safetensors, of ours or of anybody's.
        init_path: Where the weights are in the file; None: at the same path, or in all of it.
        is_part_enough: Whether what fits is taken where not everything does.

    Raises:
        UserError: The file can't be read, has no such weights, or they don't fit.
    """
    place, there, given = _given(file, path, init_path)
    wanted = {
        name: one for name, one in module.state_dict().items() if name in given or not is_of_adapter(name)
    }
    matched = match_names(wanted, given)
    if not matched.taken or not (matched.is_whole or is_part_enough):
        lines = matched.lines()
        shown = "; ".join(lines[:5]) + ("; …" if len(lines) > 5 else "")
        hint = "" if not matched.taken else f"; submodules.{path}.init_partly=true takes what fits"
        raise UserError(
            f"submodules.{path}.init_from: the weights at {there} in {file} differ: {shown}{hint}"
        )
    module.load_state_dict(dict(matched.taken), strict=False)
    _logger.info("%s: %s, from %s in %s", path, matched.summary(), there, file)
    for line in matched.lines():
        _logger.info("%s: %s", path, line)
    if not matched.is_whole:
        warnings.warn(
            f"{path}: {matched.summary()}, are taken from {file}; the log lists the rest", stacklevel=2
        )
    names = {name: f"{place}.{name}" if place else name for name in matched.taken}
    digest = sha256_of(file)
    return Taken(names, {"file": str(file), "sha256": digest, "path": there, **matched.to_dict()})


def _given(file: Path, path: str, init_path: str | None) -> tuple[str, str, dict[str, Tensor]]:
    """Return what the names of a part's tensors begin with in a file, this in words, and the tensors.

    In a file of ours that is a path, the family's name first. Any other file is the part, or has it below
    ``init_path``, as its names begin.
    """
    content = read_model_file(file, is_part_enough=True)
    state = content["state_dict"]
    there = init_path or path
    below = there.partition(".")[2]
    if CHECKPOINT_KEY not in content:
        is_of_path = init_path and below and not tensors_within(state, init_path)
        place, shown = (below if is_of_path else init_path or ""), init_path or "all of it"
    else:
        places = places_in_file(content, source=file) if init_path else {}
        place, shown = places.get(below, below), there
    given = tensors_within(state, place)
    if not given:
        raise UserError(f"submodules.{path}.init_from: {file} has no weights at {shown}")
    return place, shown, given
