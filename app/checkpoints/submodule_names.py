"""From a dotted path, which may be a pattern, to where a model or its file holds it."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Never

from torch import nn

from nested_lightning.app.checkpoints.recipe import CHECKPOINT_KEY, Recipe, read_recipe
from nested_lightning.app.errors import UserError
from nested_lightning.path_patterns import path_matches


def matching_places(path: str, places: Mapping[str, str], *, family: str) -> list[str]:
    """Return where those stand that a path or pattern names, if any, see `path_matches`."""
    pattern = path.split(".")
    return [place for name, place in places.items() if path_matches(pattern, (family, *name.split(".")))]


def refuse_path(path: str, known: Iterable[str], *, where: str) -> Never:
    """Refuse a path that names nothing."""
    known = list(known)
    near = difflib.get_close_matches(path, known, n=4, cutoff=0.5) or _shortest(known)
    raise UserError(f"{where}: there is no such submodule; near: {', '.join(near)}")


def find_submodules(
    model: nn.Module,
    family: str,
    path: str,
    *,
    known: Mapping[str, str] | None = None,
    door: str = "submodules.",
) -> dict[str, nn.Module]:
    """Return the submodules of a composite at a path or pattern, by their paths below the composite.

    A part of a wiring is found by its own name, whatever attribute holds it, see ``known``, else a recipe.
    ``door`` is what stands before the path where it was given.

    Raises:
        UserError: The path matches nothing; the near ones are listed.
    """
    known = places_of(model) if known is None else known
    modules = {name: module for name, module in model.named_modules(remove_duplicate=False) if name}
    places = {**{name: name for name in modules}, **known}
    found = matching_places(path, places, family=family)
    if not found:
        learning = (name for name, place in places.items() if [*modules[place].parameters()])
        refuse_path(path, [f"{family}.{name}" for name in learning], where=f"{door}{path}")
    return {place: modules[place] for place in found}


def places_of(model: nn.Module) -> dict[str, str]:
    """Return where a composite holds the parts of its wiring, by their names; of any other one, nothing."""
    recipe = getattr(model, "recipe", None)
    return dict(recipe.places) if isinstance(recipe, Recipe) else {}


def find_in_file(content: Mapping[str, Any], path: str, *, source: object) -> str:
    """Return where a model file holds the tensors of a submodule: what their names begin with.

    The part of a wiring is found by its own name, whatever attribute holds it.

    Raises:
        UserError: It has no recipe, or no such submodule; the near ones are listed.
    """
    family = read_recipe(content, source=source).family.replace("-", "_")
    places = places_in_file(content, source=source)
    known = {f"{family}.{name}": place for name, place in places.items()}
    return known[path] if path in known else refuse_path(path, known, where=f"{source}: {path}")


def places_in_file(content: Mapping[str, Any], *, source: object) -> dict[str, str]:
    """Return where a model file holds submodules that have tensors, by their names below the composite."""
    names = [name.split(".")[:-1] for name in content["state_dict"]]
    held = {".".join(name[:length]): None for name in names for length in range(1, len(name) + 1)}
    known = read_recipe(content, source=source).places if CHECKPOINT_KEY in content else {}
    return {name: name for name in held} | {name: place for name, place in known.items() if place in held}


def _shortest(paths: Iterable[str]) -> list[str]:
    return sorted(paths, key=lambda path: path.count("."))[:6]
