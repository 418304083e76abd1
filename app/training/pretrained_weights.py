"""The weights of parts that were trained elsewhere, loaded when a training begins."""

import logging

from torch import nn

from nested_lightning.app.checkpoints.recipe import Recipe
from nested_lightning.app.errors import errors_naming

HOOK = "load_first_weights"
"""What a part has that loads its weights: called without arguments, it may say in words what it took."""

_logger = logging.getLogger("nested_lightning.pretrained_weights")


def load_first_weights(model: nn.Module) -> None:
    """Let each part of a model load the weights that it was trained to, where it has any.

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
