"""From a dotted path, where ``*`` stands for one name, to the submodules that it names."""

import difflib
from collections.abc import Iterable

from torch import nn

from nested_lightning.app.checkpoints.recipe import Recipe
from nested_lightning.app.errors import UserError


def find_submodules(model: nn.Module, family: str, path: str) -> dict[str, nn.Module]:
    """Return the submodules of a composite at a path, by their paths below the composite.

    The part of a wiring is found by its own name, whatever attribute holds it.

    Args:
        model: The composite.
        family: First name of the paths, e.g. ``multi_feature``.
        path: E.g. ``multi_feature.feature_extractors.*``.

    Raises:
        UserError: The path matches nothing; the near ones are listed.
    """
    modules = {name: module for name, module in model.named_modules(remove_duplicate=False) if name}
    named = {**{name: name for name in modules}, **places_of(model)}
    first, _, below = path.partition(".")
    found = {place: modules[place] for name, place in named.items() if _matches(below, name)}
    if first != family or not found:
        known = [f"{family}.{name}" for name, place in named.items() if [*modules[place].parameters()]]
        near = difflib.get_close_matches(path, known, n=4, cutoff=0.5) or _shortest(known)
        raise UserError(f"submodules.{path}: there is no such submodule; near: {', '.join(near)}")
    return found


def places_of(model: nn.Module) -> dict[str, str]:
    """Return where a composite holds the parts of its wiring, by their names; of any other one, nothing."""
    recipe = getattr(model, "recipe", None)
    return dict(recipe.places) if isinstance(recipe, Recipe) else {}


def _matches(pattern: str, name: str) -> bool:
    wanted, given = pattern.split("."), name.split(".")
    return len(wanted) == len(given) and all(
        one in ("*", other) for one, other in zip(wanted, given, strict=True)
    )


def _shortest(paths: Iterable[str]) -> list[str]:
    return sorted(paths, key=lambda path: path.count("."))[:6]
