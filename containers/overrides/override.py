"""What is put into a provider's place: checked against the Protocol there, and made a provider itself."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from dependency_injector import providers

from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.assembly.protocols.conformance import (
    describe_protocol,
    lacks_of_class,
    lacks_of_function,
    lacks_of_instance,
    lacks_of_options,
)
from nested_lightning.app.errors import UserError
from nested_lightning.containers.providing.choices import import_target
from nested_lightning.containers.providing.declared import protocol_of
from nested_lightning.containers.providing.named import NamedProviders
from nested_lightning.settings.base import ChoiceSettings


class OverrideRefusedError(UserError):
    """A replacement that doesn't do what is expected at its place.

    Attributes:
        path: Path of the provider.
        lacks: What is missing, in words.
    """

    def __init__(self, path: str, replacement: str, expected: str, lacks: list[str]) -> None:
        self.path, self.lacks = path, lacks
        super().__init__(f"{path}: {replacement} is refused: {'; '.join(lacks)}; needed: {expected}")


@dataclass(frozen=True)
class Unchecked:
    """A replacement that isn't checked; made by `unchecked`."""

    replacement: Any
    because: str


@checked_arguments
def unchecked(replacement: Any, *, because: str) -> Unchecked:
    """Waive the checks of one override.

    As in ``overriding(container, "multi_feature.head", unchecked(mock, because="it only counts calls"))``.

    Args:
        replacement: What is put in.
        because: Why it needn't be checked.

    Raises:
        UserError: No reason is given.
    """
    if not because.strip():
        raise UserError("unchecked needs a reason: unchecked(replacement, because='…')")
    return Unchecked(replacement, because)


@dataclass(frozen=True, eq=False)
class Override:
    """One replacement at its place.

    Attributes:
        path: Path of the provider.
        target: The provider.
        replacement: What is put in.
        is_checked: Whether it has to do what is expected there.
    """

    path: str
    target: providers.Provider[Any]
    replacement: Any
    is_checked: bool

    @classmethod
    def checked(cls, path: str, target: providers.Provider[Any], replacement: Any) -> "Override":
        """Return an override whose replacement has passed those checks that need no data.

        Raises:
            OverrideRefusedError: It hasn't.
        """
        if isinstance(replacement, Unchecked):
            return cls(path, target, replacement.replacement, is_checked=False)
        override = cls(path, target, replacement, is_checked=True)
        override.refuse(override.lacks())
        return override

    @property
    def protocol(self) -> type | None:
        """What the provider gives."""
        return protocol_of(self.target)

    def lacks(self) -> list[str]:
        """Return what the replacement lacks, as far as it tells without being called."""
        called = called_for(self.replacement)
        made = called.func if isinstance(called, partial) else called
        lacks = lacks_of_options(made, called.keywords) if isinstance(called, partial) else []
        if self.protocol is None or lacks or called is None:
            return lacks
        num_leading = 1 if isinstance(self.target, NamedProviders) else 0
        if isinstance(made, type):
            return lacks_of_class(made, self.protocol, called_as=called, num_leading=num_leading)
        if _is_function(called):
            return lacks_of_function(called, self.protocol, num_leading=num_leading)
        return lacks_of_instance(called, self.protocol)

    def refuse(self, lacks: list[str]) -> None:
        """Refuse the replacement if it lacks anything.

        Raises:
            OverrideRefusedError: It does.
        """
        if lacks:
            expected = describe_protocol(self.protocol) if self.protocol else "arguments that it takes"
            raise OverrideRefusedError(self.path, describe(self.replacement), expected, lacks)

    def provider(self) -> providers.Provider[Any]:
        """Return a provider of the replacement that checks what it makes."""
        made = _as_provider(self.replacement)
        is_shared = isinstance(self.target, providers.BaseSingleton)
        if isinstance(made, providers.Object) or not (self.is_checked or is_shared):
            return made
        kind = providers.Singleton if is_shared else providers.Callable
        return kind(self._make, made.provider)

    def _make(self, make: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        made = make(*args, **kwargs)
        if self.is_checked and self.protocol is not None and made is not None:
            self.refuse(lacks_of_instance(made, self.protocol))
        return made


def describe(replacement: Any) -> str:
    """Return a replacement as a person knows it, e.g. ``MyHead``, ``a ready Linear`` or ``42``."""
    if isinstance(replacement, ChoiceSettings):
        return f"the registered kind {replacement.kind}"
    if isinstance(replacement, partial):
        return describe(replacement.func)
    if isinstance(replacement, type):
        return replacement.__qualname__
    if _is_function(replacement):
        return str(getattr(replacement, "__qualname__", replacement))
    if isinstance(replacement, str | int | float | bool | None):
        return repr(replacement)
    return f"a ready {type(replacement).__qualname__}"


def _as_provider(replacement: Any) -> providers.Provider[Any]:
    if isinstance(replacement, providers.Provider):
        return replacement
    called = called_for(replacement)
    if isinstance(called, type):
        return providers.Factory(called)
    return providers.Callable(called) if _is_function(called) else providers.Object(called)


def called_for(replacement: Any) -> Any:
    """Return what is called for a replacement, with the arguments that it is bound to; None: not known.

    A ready object is returned as it is.
    """
    if isinstance(replacement, ChoiceSettings):
        return partial(import_target(replacement.target), **replacement.arguments())
    if isinstance(replacement, providers.Object):
        return replacement()
    if isinstance(replacement, providers.Factory | providers.Callable | providers.BaseSingleton):
        provides: Any = replacement.provides
        return partial(provides, *replacement.args, **replacement.kwargs)
    return None if isinstance(replacement, providers.Provider) else replacement


def _is_function(replacement: Any) -> bool:
    return inspect.isroutine(replacement) or isinstance(replacement, partial)
