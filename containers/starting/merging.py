"""A checkpoint with its adapters merged into the weights of their layers."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nested_lightning.app.checkpoints.model_file import read_model_file
from nested_lightning.app.checkpoints.recipe import CHECKPOINT_KEY, read_recipe
from nested_lightning.app.errors import UserError
from nested_lightning.app.training.adapters import adapted_layers, take_adapters_away
from nested_lightning.containers.starting.bootstrapping import family_container, from_checkpoint


def merge_adapters(path: Path, *, overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the content of a model's file with all adapters added to the weights of their layers.

    Its recipe asks for no adapters, so that it opens without peft.

    Raises:
        UserError: The file can't be opened, or has no adapters, or such as can't be merged.
    """
    content = read_model_file(path)
    recipe = read_recipe(content, source=path)
    model = family_container(from_checkpoint(path, overrides=overrides, device="cpu")).model()
    if not adapted_layers(model):
        raise UserError(f"{path}: nothing in it has adapters to merge; leave --merge-lora out")
    try:
        take_adapters_away(model, is_merged=True)
    except NotImplementedError as error:  # of peft, for some layers
        raise UserError(f"{path}: its adapters can't be merged: {error}") from error
    policies = recipe.settings["submodules"].items()
    plain = recipe.settings | {"submodules": {name: {**policy, "lora": None} for name, policy in policies}}
    merged = replace(recipe, settings=plain)
    return {**content, "state_dict": dict(model.state_dict()), CHECKPOINT_KEY: merged.json}
