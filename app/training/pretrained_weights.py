"""The weights of parts that were trained elsewhere, loaded when a training begins."""

import logging
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from nested_lightning.app.checkpoints.left_out import LeftOut
from nested_lightning.app.checkpoints.model_file import read_model_file
from nested_lightning.app.checkpoints.recipe import Recipe
from nested_lightning.app.errors import UserError, counted, errors_naming
from nested_lightning.app.foreign_files import sha256_of
from nested_lightning.app.training.adapters import is_of_adapter

HOOK = "load_first_weights"
"""What a part has that loads its weights: called without arguments, it may say in words what it took."""
FILES = "first_weights_files"
"""What such a part may have besides: called without arguments, it gives the safetensors files with them."""

_logger = logging.getLogger("nested_lightning.pretrained_weights")


def load_first_weights(model: nn.Module) -> None:
    """Let each part of a model load its pretrained weights, if it has any.

    A part says so by a method ``load_first_weights``, so that its constructor makes the architecture alone:
    for a check, which has no weights, and for a checkpoint, which brings its own.

    Raises:
        UserError: A part's weights aren't there, aren't whole, or don't fit; names the part.
    """
    recipe = getattr(model, "recipe", None)
    section = f"{recipe.family.replace('-', '_')}." if isinstance(recipe, Recipe) else ""
    for name, module in model.named_modules():
        load = getattr(module, HOOK, None)
        if callable(load):
            with errors_naming(f"{section}{name}"):
                said = load()
            if said:
                _logger.info("%s%s: %s", section, name, said)


def find_in_files(module: nn.Module, path: str) -> list[LeftOut]:
    """Return which tensors of a submodule are, number for number, in the files that its parts began with.

    So a checkpoint may leave them out. What isn't there in this way, since it was changed afterwards or
    belongs to no part, isn't among them. On ``meta`` nothing is compared.

    Raises:
        UserError: No part of it says in which files its weights are, or nothing of them is there.
    """
    sources = [getattr(part, FILES)() for part in module.modules() if callable(getattr(part, FILES, None))]
    files = dict.fromkeys(file for source in sources for file in source)
    if not files:
        raise UserError(
            f"submodules.{path}.lora.save: adapters needs weights that are in a file: set init_from, or take"
            " a part with weights of its own"
        )
    state = module.state_dict().items()
    frozen = {name: one for name, one in state if isinstance(one, Tensor) and not is_of_adapter(name)}
    if any(one.is_meta for one in frozen.values()):
        return []
    found = [part for file in files if (part := _found_in(file, frozen, path.partition(".")[2])).names]
    if not found:
        raise UserError(
            f"submodules.{path}.lora.save: nothing of it is as its files have it: set lora.save=whole"
        )
    num = len({name for part in found for name in part.names})
    where = ", ".join(part.file for part in found)
    _logger.info("%s: checkpoints leave out %s, which are in %s", path, counted(num, "tensor"), where)
    return found


def _found_in(file: Path, wanted: Mapping[str, Tensor], here: str) -> LeftOut:
    """Return which tensors a file has, whatever it calls them."""
    given = read_model_file(file, is_part_enough=True)["state_dict"]
    names = {}
    for name, value in wanted.items():
        alike = ((there, one) for there, one in given.items() if one.shape == value.shape)
        equal = (there for there, one in alike if torch.equal(one.to(value.dtype), value.cpu()))
        if (there := next(equal, None)) is not None:
            names[f"{here}.{name}"] = there
    return LeftOut(file=str(file.absolute()), sha256=sha256_of(file), names=names)
