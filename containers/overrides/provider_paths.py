"""From a dotted path to the provider that it names."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from dependency_injector import providers

from nested_lightning.app.errors import UserError
from nested_lightning.containers.providing.named import NamedProviders
from nested_lightning.containers.providing.nested import WithParts


class OverridePathError(UserError):
    """A path at which there is no provider."""


@dataclass(frozen=True)
class FoundProvider:
    """A provider and the way to it.

    Attributes:
        provider: The provider.
        containers: The containers on the way, the outermost first.
    """

    provider: providers.Provider[Any]
    containers: tuple[Any, ...]


def find_provider(container: Any, path: str) -> providers.Provider[Any]:
    """Return the provider at a dotted path such as ``multi_feature.feature_extractors.kar``.

    Names of items may be any; a dot in one is written ``%2E``. The items of a `providers.Dict` have their
    keys as names, those of a `providers.List` their numbers.

    Raises:
        OverridePathError: There is none; the near ones are named.
    """
    return trace_provider(container, path).provider


def trace_provider(container: Any, path: str) -> FoundProvider:
    """Return what `find_provider` returns, with the containers on the way.

    Raises:
        OverridePathError: There is none; the near ones are named.
    """
    found: Any = container
    passed: list[Any] = []
    names = path.split(".")
    for i, name in enumerate(names):
        found = _enter(found, ".".join(names[:i]))
        if _is_container(found):
            passed.append(found)
        following = _step(found, unquote(name))
        if following is None:
            near = _near(name, names_below(found)) or _near_items(names[: i + 1], passed)
            where = ".".join(names[:i]) or "the container"
            told = f"; near: {', '.join(near)}" if near else ""
            raise OverridePathError(f"{path}: there is no '{name}' in {where}{told}")
        found = following
    return FoundProvider(provider=found, containers=tuple(passed))


def names_below(found: Any) -> list[str]:
    """Return the names that may follow what was found, as far as they are known."""
    if isinstance(found, NamedProviders):
        return list(found.named)
    if _is_container(found):
        return [str(name) for name in found.providers]
    return list(_items(found))


def _enter(found: Any, path: str) -> Any:
    """Return the container that a provider of a container holds, else what was found."""
    if isinstance(found, providers.DependenciesContainer):
        if found.last_overriding is None:
            raise OverridePathError(
                f"{path}: no container is given there yet, so nothing in it can be overridden"
            )
        return found()
    return found.container if isinstance(found, providers.Container) else found


def _step(found: Any, name: str) -> Any:
    if isinstance(found, NamedProviders):
        return found[name] if name else None
    if _is_container(found):
        return found.providers.get(name)
    return _items(found).get(name)


def _is_container(found: Any) -> bool:
    return not isinstance(found, providers.Provider)


def _items(found: Any) -> Mapping[str, providers.Provider[Any]]:
    """Return what can be addressed within a provider: parts of an item, entries of a dict or list."""
    if isinstance(found, providers.Configuration | providers.ConfigurationOption):
        return {}  # a host's own; it has every attribute that it is asked for
    items: Mapping[Any, Any] = found.parts if isinstance(found, WithParts) else {}
    if isinstance(found, providers.Dict):
        items = found.kwargs
    elif isinstance(found, providers.List):
        items = dict(enumerate(found.args))
    elif isinstance(found, providers.Aggregate):
        items = found.providers
    return {str(name): item for name, item in items.items() if isinstance(item, providers.Provider)}


def _near(name: str, known: list[str]) -> list[str]:
    return difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known


def _near_items(names: list[str], passed: list[Any]) -> list[str]:
    """Return the paths of items where the provider of all of them was taken for those of single ones."""
    *above, provider, item = ["", *names]
    siblings = passed[-1].providers.items() if passed else ()
    named = [name for name, one in siblings if isinstance(one, NamedProviders)]
    near = difflib.get_close_matches(provider, named, n=1, cutoff=0.8)
    return [".".join([*above[1:], one, item]) for one in near]
