"""A provider that stands in another's place to see what is called, and changes nothing."""

from typing import Any

from dependency_injector import providers


class Watched(providers.Callable[Any]):
    """Stands for the provider that it watches, and is no replacement."""


def is_replaced(provider: providers.Provider[Any]) -> bool:
    """Return whether something else was put in a provider's place."""
    return any(not isinstance(one, Watched) for one in provider.overridden)
