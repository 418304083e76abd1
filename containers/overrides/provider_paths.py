"""From a dotted path to the provider that it names."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from dependency_injector import providers

from nested_lightning.app.errors import UserError
from nested_lightning.containers.providing.named import NamedProviders, WithParts


class OverridePathError(UserError):
    """There is no provider at a path."""


def find_provider(container: Any, path: str) -> providers.Provider[Any]:
    """Return the provider at a dotted path such as ``multi_feature.feature_extractors.kar``.

    Names of items may be any; a dot in one is written ``%2E``. The items of a `providers.Dict` have their
    keys as names, those of a `providers.List` their numbers.

    Raises:
        OverridePathError: There is none; the near ones are named.
    """
    return trace_provider(container, path)[0]


def trace_provider(container: Any, path: str) -> tuple[providers.Provider[Any], tuple[Any, ...]]:
    """Return what `find_provider` returns, and the containers on the way, the outermost first.

    Raises:
        OverridePathError: There is none; the near ones are named.
    """
    found: Any = container
    passed: list[Any] = []
    names = path.split(".")
    for i, name in enumerate(names):
        where = ".".join(names[:i])
        found = _enter(found, where)
        passed += [] if isinstance(found, providers.Provider) else [found]
        below = _below(found)
        if isinstance(found, NamedProviders) and name:
            found = found[unquote(name)]
        elif (following := below.get(unquote(name))) is not None:
            found = following
        else:
            near = difflib.get_close_matches(name, below, n=3, cutoff=0.4) or [*below]
            near = near or _near_items(names[: i + 1], passed)
            told = f"; near: {', '.join(near)}" if near else ""
            raise OverridePathError(f"{path}: there is no '{name}' in {where or 'the container'}{told}")
    return found, tuple(passed)


def _enter(found: Any, path: str) -> Any:
    """Return the container that a provider of a container holds, else what was found."""
    if isinstance(found, providers.DependenciesContainer):
        if found.last_overriding is None:
            raise OverridePathError(
                f"{path}: no container is given there yet, so nothing in it can be overridden"
            )
        return found()
    return found.container if isinstance(found, providers.Container) else found


def _below(found: Any) -> Mapping[str, providers.Provider[Any]]:
    """Return what is known by name in a container, or within a provider: items, parts, entries."""
    if isinstance(found, providers.Configuration | providers.ConfigurationOption):
        return {}  # a host's own provider, which has any attribute that is asked for
    items: Mapping[Any, Any] = {}
    if not isinstance(found, providers.Provider) or isinstance(found, providers.Aggregate):
        items = found.providers
    elif isinstance(found, NamedProviders):
        items = found.named
    elif isinstance(found, WithParts):
        items = found.parts
    elif isinstance(found, providers.Dict):
        items = found.kwargs
    elif isinstance(found, providers.List):
        items = dict(enumerate(found.args))
    return {str(name): item for name, item in items.items() if isinstance(item, providers.Provider)}


def _near_items(names: Sequence[str], passed: Sequence[Any]) -> list[str]:
    """Return the paths of items where the provider of all of them was taken for those of single ones."""
    *above, provider, item = ["", *names]
    siblings = passed[-1].providers.items() if passed else ()
    named = [name for name, one in siblings if isinstance(one, NamedProviders)]
    near = difflib.get_close_matches(provider, named, n=1, cutoff=0.8)
    return [".".join([*above[1:], one, item]) for one in near]
