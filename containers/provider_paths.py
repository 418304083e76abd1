"""From a dotted path to the provider that it names."""

import difflib
from typing import Any
from urllib.parse import unquote

from dependency_injector import providers

from app.errors import UserError
from containers.named import NamedProviders


class OverridePathError(UserError):
    """A path at which there is no provider."""


def find_provider(container: Any, path: str) -> providers.Provider[Any]:
    """Return the provider at a dotted path such as ``multi_feature.feature_extractors.kar``.

    Names of items may be any; a dot in one is written ``%2E``.

    Raises:
        OverridePathError: There is none; the near ones are named.
    """
    found: Any = container
    names = path.split(".")
    for i, name in enumerate(names):
        following = _step(found, unquote(name))
        if following is None:
            known = _names(found)
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known
            where = ".".join(names[:i]) or "the container"
            raise OverridePathError(
                f"{path}: there is no '{name}' in {where}" + (f"; near: {', '.join(near)}" if near else "")
            )
        found = following
    return found


def _step(found: Any, name: str) -> Any:
    if isinstance(found, NamedProviders):
        return found[name] if name else None
    if name in _names(found):
        return getattr(found, name)
    return None


def _names(found: Any) -> list[str]:
    is_container = isinstance(found, providers.Container) or not isinstance(found, providers.Provider)
    if is_container:
        return [str(name) for name in found.providers]
    parts: dict[str, Any] = getattr(found, "_item_parts", {})
    return list(parts)
