"""The providers of a container by their names, and what stands in their places."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from dependency_injector import providers

from nested_lightning.containers.providing.named import NamedProviders, WithParts

_CONTAINERS = (providers.Container, providers.DependenciesContainer)


def list_providers(container: Any, path: str = "") -> Iterator[tuple[str, providers.Provider[Any]]]:
    """Yield the dotted path of each named provider of a container and its sub-containers.

    Of named items those are there that were addressed so far; what has two names has the first.
    """
    seen: set[int] = set()
    for name, provider in _list_all(container, path):
        if id(provider) not in seen:
            seen.add(id(provider))
            yield name, provider


def _list_all(container: Any, path: str) -> Iterator[tuple[str, providers.Provider[Any]]]:
    for name, provider in container.providers.items():
        own = f"{path}.{name}" if path else name
        if isinstance(provider, providers.Container):
            yield from _list_all(provider, own)
        elif not isinstance(provider, _CONTAINERS):
            yield own, provider
        yield from _list_within(provider, own)


def _list_within(provider: Any, path: str) -> Iterator[tuple[str, providers.Provider[Any]]]:
    """Yield the items of named providers, and the parts of what is made of parts."""
    items = provider.named if isinstance(provider, NamedProviders) else {}
    for item, inner in items.items():
        own = f"{path}.{quote(item).replace('.', '%2E')}"
        yield own, inner
        yield from _list_within(inner, own)
    for part, inner in provider.parts.items() if isinstance(provider, WithParts) else ():
        yield f"{path}.{part}", inner
        yield from _list_within(inner, f"{path}.{part}")


def in_force(provider: providers.Provider[Any]) -> providers.Provider[Any]:
    """Return what is called in a provider's place: the latest override, if there is one."""
    while provider.overridden:
        provider = provider.overridden[-1]
    return provider
