"""From a dotted path, which may be a pattern, to the submodules that it names."""

from collections.abc import Mapping

from torch import nn

from nested_lightning.app.checkpoints.recipe import Recipe
from nested_lightning.app.checkpoints.submodule_names import matching_places, refuse_path


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
