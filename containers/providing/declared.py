"""Providers that are declared with the Protocol of what they give, against which overrides are checked.

A provider without one works as well; what is put into its place isn't checked.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from dependency_injector import providers

from nested_lightning.app.assembly.expected import ANYTHING, Expected


class _Declared(providers.Provider[Any]):
    """A provider with a Protocol, see `app.assembly.protocols`, or with an `Expected`."""

    expected: Expected

    def __init__(self, expected: type | Expected = ANYTHING, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = Expected.by_provider(expected) if isinstance(expected, type) else expected

    def __deepcopy__(self, memo: dict[Any, Any] | None = None) -> Any:
        copied: Any = super().__deepcopy__(memo)
        copied.expected = self.expected
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle it as a function with its current arguments: a model is sent without its container."""
        return partial, (_called, resolved(self))


def _called(make: Any, *args: Any, **kwargs: Any) -> Any:
    return make(*args, **kwargs)


def resolved(provider: Any) -> Any:
    """Return what a provider calls, with the arguments that it has now."""
    if provider.last_overriding is not None:
        return resolved(provider.last_overriding)
    if isinstance(provider, providers.Object):
        return provider()
    args = [one() if isinstance(one, providers.Provider) else one for one in provider.args]
    kwargs = {
        name: one() if isinstance(one, providers.Provider) else one for name, one in provider.kwargs.items()
    }
    return partial(provider.provides, *args, **kwargs)


class DeclaredCallable(_Declared, providers.Callable[Any]):
    """A `providers.Callable` with a Protocol."""


class DeclaredFactory(_Declared, providers.Factory[Any]):
    """A `providers.Factory` with a Protocol."""


class DeclaredSingleton(_Declared, providers.Singleton[Any]):
    """A `providers.Singleton` with a Protocol."""


def without_overriding(provider: Any) -> Any:
    """Return a provider that builds what this one does when nothing overrides it."""
    original = type(provider)()
    original.set_provides(provider.provides)
    original.set_args(*provider.args)
    original.set_kwargs(**provider.kwargs)
    return original


def expected_of(provider: Any) -> Expected:
    """Return what a provider has to give; anything if it is declared without a Protocol."""
    expected = getattr(provider, "expected", ANYTHING)
    return expected if isinstance(expected, Expected) else ANYTHING


class Watched(providers.Callable[Any]):
    """Stands for the provider that it watches, and is no replacement."""


def is_replaced(provider: providers.Provider[Any]) -> bool:
    """Return whether something else was put in a provider's place."""
    return any(not isinstance(one, Watched) for one in provider.overridden)
