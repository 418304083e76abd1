"""Checkpoints of older format versions, brought up to date when they are read.

Each migration is stated here under the version that it starts from, and is never changed again.
"""

import json
from collections.abc import Callable
from typing import Any

from nested_lightning.app.checkpoints.moved import as_now
from nested_lightning.app.checkpoints.recipe import CHECKPOINT_KEY, FORMAT_VERSION

Migration = Callable[[dict[str, Any], dict[str, Any]], None]
"""Changes a checkpoint and its recipe, as plain data, in place."""


def one_to_two(checkpoint: dict[str, Any], recipe: dict[str, Any]) -> None:
    """Make the random state that of the first of several processes, and the data's fingerprint unknown."""
    state = checkpoint.get("callbacks", {}).get("RandomState")
    if state is not None and "ranks" not in state:
        checkpoint["callbacks"]["RandomState"] = {"ranks": [state]}
    recipe["data_spec"].setdefault("fingerprint", None)


def two_to_three(checkpoint: dict[str, Any], recipe: dict[str, Any]) -> None:
    """Record that nothing was overridden, since overrides weren't recorded before."""
    del checkpoint
    recipe["overrides"] = []


def three_to_four(checkpoint: dict[str, Any], recipe: dict[str, Any]) -> None:
    """Give overrides the paths that providers have now, and the import paths of our own classes."""
    del checkpoint
    for override in recipe["overrides"]:
        override["path"], override["name"] = as_now(override["path"], override["name"])


def four_to_five(checkpoint: dict[str, Any], recipe: dict[str, Any]) -> None:
    """Name the states of the project's callbacks as such, since a module may bring others of their base."""
    del recipe
    names = {"ModelCheckpoint{": "BestCheckpoint{", "EarlyStopping{": "PatientStopping{"}
    states = checkpoint.get("callbacks", {})
    for key in [*states]:
        for before, now in names.items():
            if key.startswith(before):
                states[key.replace(before, now, 1)] = states.pop(key)


def five_to_six(checkpoint: dict[str, Any], recipe: dict[str, Any]) -> None:
    """Say that convolutions of vae-gan weren't normalised, as they are by default now."""
    del checkpoint
    family = recipe["settings"].get("vae_gan", {})
    vaes = [family.get("vae", {}), *family.get("vaes", {}).values()]
    for part in (vae.get(name, {}) for vae in vaes for name in ("encoder", "decoder")):
        if part.get("kind") == "conv":
            part["use_group_norm"] = False


def six_to_seven(checkpoint: dict[str, Any], recipe: dict[str, Any]) -> None:
    """Say of multi-feature's classes that they are one kind of target, and what their objective has.

    Its settings need nothing: where older ones stand, they are moved when they are read.
    """
    spec = recipe.get("data_spec", {})
    if "groups" not in spec or "label" not in spec:
        return
    names, counts = spec.pop("class_names"), spec.pop("class_counts")
    spec["target"] = {"kind": "classes", "column": spec.pop("label"), "names": names, "counts": counts}
    weights = checkpoint.get("state_dict", {}).pop("class_weights", None)
    if weights is not None:
        checkpoint["state_dict"]["objective.class_weights"] = weights


MIGRATIONS: dict[int, Migration] = {
    1: one_to_two,
    2: two_to_three,
    3: three_to_four,
    4: four_to_five,
    5: five_to_six,
    6: six_to_seven,
}


def migrate(checkpoint: dict[str, Any]) -> None:
    """Bring a checkpoint of an older format version up to the present one, in place.

    What has no readable recipe, or a newer one, stays as it is; `read_recipe` refuses it.
    """
    text = checkpoint.get(CHECKPOINT_KEY)
    if not isinstance(text, str):
        return
    try:
        recipe = json.loads(text)
        version = recipe["format_version"]
        while version in MIGRATIONS and version < FORMAT_VERSION:
            MIGRATIONS[version](checkpoint, recipe)
            version += 1
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return
    if version != recipe["format_version"]:
        checkpoint[CHECKPOINT_KEY] = json.dumps(recipe | {"format_version": version})
