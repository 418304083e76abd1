"""Whether the packages that lie beside this one are those that Python finds by their names."""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path


def check_neighbours(names: Iterable[str]) -> None:
    """Check that each package of ours is found by its name, and not one of the host's own; none is imported.

    Raises:
        ImportError: Another one is found, or none; it says where, and what to do.
    """
    home = Path(__file__).resolve().parents[1]
    for name in names:
        spec = find_spec(name)
        found = spec.origin or str(spec.submodule_search_locations) if spec else "nowhere"
        if found != "nowhere" and Path(found).resolve() == home / name / "__init__.py":
            continue
        raise ImportError(
            f"Nested Lightning needs its package '{name}' from {home}, but Python finds '{name}' in {found}."
            " A program that uses Nested Lightning can't have packages or modules called app, settings or"
            " containers of its own: rename that one, e.g. to api"
        )
