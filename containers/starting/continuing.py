"""From a model's file to a new training that begins with its weights."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.checkpoints.model_file import read_model_file
from nested_lightning.app.checkpoints.recipe import Recipe, read_recipe
from nested_lightning.app.training.runs.run_folder import model_file_in
from nested_lightning.containers.application import ApplicationContainer
from nested_lightning.containers.owning.descriptor import families_of
from nested_lightning.containers.providing.pretrained import without_weights
from nested_lightning.containers.providing.slot_paths import find_choice
from nested_lightning.containers.starting.bootstrapping import bootstrap, naming_packages
from nested_lightning.settings.application import change_settings
from nested_lightning.settings.families import find_family, knowing
from nested_lightning.settings.reading.errors import SettingsError
from nested_lightning.settings.reading.layers import Layer, lacking_overrides
from nested_lightning.settings.reading.loading import collect_layers, resolve_layers
from nested_lightning.settings.reading.merging import nest

_OF_ONE_RUN = ("run_dir", "init_from", "init_sha256")
_NO_FIRST_WEIGHTS = {"init_from": None, "init_path": None, "init_partly": False}
"""What a policy says of first weights that have been trained since, also where its family declares others."""


@checked_arguments
def bootstrap_from(
    path: str | Path,
    settings: Mapping[str, Any] | None = None,
    *,
    family: Any = None,
    overrides: Mapping[str, Any] | None = None,
    data: Any = None,
) -> ApplicationContainer:
    """Return a ready container whose training begins with the weights in a file, and with its settings.

    What has the same path, shape and meaning is taken; the rest is listed before the first step.

    Args:
        path: A checkpoint, an exported file, or a run folder: its best checkpoint.
        settings: Values put over those in the file, nested or by dotted names, e.g. other data. Another
            ``model`` takes the weights alone.
        family: The function that `family` made the file's family, where no package registers it.
        overrides: See `bootstrap`. Classes of yours that the model consists of are given again.
        data: See `bootstrap`.

    Raises:
        UserError: The file can't be read, or has no recipe.
        SettingsError: The settings are wrong, or something was overridden, and isn't given.
    """
    with knowing(*families_of(family)):
        values = dict(settings or {})
        below = layer_from(path, model=values.get("model"))
        layers = collect_layers(below=[below], assignments=[values])
        if lacking := lacking_overrides(layers, overrides or ()):
            raise SettingsError(lacking)
        return bootstrap(resolve_layers(layers), overrides=overrides, data=data)


def layer_from(path: str | Path, *, model: str | None = None) -> Layer:
    """Return the settings for a training that begins with the weights in a file: its own, where they fit.

    To train another family, ``model``, there are none.

    Raises:
        UserError: The file can't be read, has no recipe, or its family or a plug-in isn't known here.
    """
    file = model_file_in(Path(path)).absolute()
    recipe = read_recipe(read_model_file(file, is_part_enough=True), source=path)
    start = {"init_from": str(file)}
    if model not in (None, recipe.family):
        return Layer(start, origin=str(path))
    with naming_packages(recipe, source=file):
        find_family(recipe.family)
    needed = {
        each.path: each.text
        for each in recipe.overrides
        if each.source != "registered" and not each.path.startswith("trainer.")
    }
    return Layer(_for_another_run(recipe) | start, origin=f"checkpoint {path}", overrides=needed)


def _for_another_run(recipe: Recipe) -> dict[str, Any]:
    """Return settings without what belongs to that run only, with kinds that an override put in."""
    settings = without_weights(recipe.settings)
    values = {name: value for name, value in settings.items() if name not in _OF_ONE_RUN}
    policies = dict(values.get("submodules", {}))
    values["submodules"] = {path: _of_any_run(policy) for path, policy in policies.items()}
    for each in recipe.overrides:
        if each.source == "registered":
            where, _ = find_choice(each.path, each.name)
            values = change_settings(values, nest(where, {"kind": each.name, **each.options}))
    return values


def _of_any_run(policy: Mapping[str, Any]) -> dict[str, Any]:
    """Return a policy without the file of its first weights, and so with all weights in checkpoints."""
    kept = {**policy, **_NO_FIRST_WEIGHTS}
    return {**kept, "lora": {**policy["lora"], "save": "whole"}} if policy.get("lora") else kept
