"""Providers that are declared with the Protocol of what they give, against which overrides are checked.

A provider without one works as well; what is put into its place isn't checked.
"""

from __future__ import annotations

from typing import Any

from dependency_injector import providers


class _Declared(providers.Provider[Any]):
    """A provider with a Protocol.

    Args:
        protocol: What the provider gives, see `app.assembly.protocols`.
        *args: Of the kind of provider that this is.
        **kwargs: The same.
    """

    protocol: type | None

    def __init__(self, protocol: type | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.protocol = protocol

    def __deepcopy__(self, memo: dict[Any, Any] | None = None) -> Any:
        copied: Any = super().__deepcopy__(memo)
        copied.protocol = self.protocol
        return copied


class DeclaredCallable(_Declared, providers.Callable[Any]):
    """A `providers.Callable` with a Protocol."""


class DeclaredFactory(_Declared, providers.Factory[Any]):
    """A `providers.Factory` with a Protocol."""


class DeclaredSingleton(_Declared, providers.Singleton[Any]):
    """A `providers.Singleton` with a Protocol."""


def protocol_of(provider: Any) -> type | None:
    """Return the Protocol that a provider is declared with, or None."""
    protocol = getattr(provider, "protocol", None)
    return protocol if isinstance(protocol, type) else None


def without_overriding(provider: Any) -> Any:
    """Return a provider that builds what this one does when nothing overrides it."""
    original = type(provider)()
    original.set_provides(provider.provides)
    original.set_args(*provider.args)
    original.set_kwargs(**provider.kwargs)
    return original
