"""The providers of a container by their names, and what stands in their places."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from dependency_injector import providers

from nested_lightning.containers.providing.named import NamedProviders

_CONTAINERS = (providers.Container, providers.DependenciesContainer)


def list_providers(container: Any, path: str = "") -> Iterator[tuple[str, providers.Provider[Any]]]:
    """Yield dotted path and provider of all that a container has a name for, sub-containers included.

    Of named items those are there that were addressed so far.
    """
    for name, provider in container.providers.items():
        own = f"{path}.{name}" if path else name
        if isinstance(provider, providers.Container):
            yield from list_providers(provider, own)
        elif not isinstance(provider, _CONTAINERS):
            yield own, provider
        if isinstance(provider, NamedProviders):
            for item, inner in provider.named.items():
                yield f"{own}.{quote(item).replace('.', '%2E')}", inner


def in_force(provider: providers.Provider[Any]) -> providers.Provider[Any]:
    """Return what is called in a provider's place: the latest override, if there is one."""
    while provider.overridden:
        provider = provider.overridden[-1]
    return provider


def provided_chain(getter: Any) -> list[str]:
    """Return the names in ``provider.provided.a.b``, without what they are got of."""
    names: list[str] = []
    while isinstance(getter, providers.AttributeGetter):
        names.insert(0, str(getter.name))
        getter = getter.provides
    return names
