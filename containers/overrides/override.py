"""What is put into a provider's place: checked against what is expected there, and made a provider itself."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from dependency_injector import providers

from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.assembly.errors import OverrideRefusedError
from nested_lightning.app.assembly.expected import Expected, described, is_function
from nested_lightning.app.assembly.wiring.making import expect_anything_here, make_here
from nested_lightning.app.errors import UserError
from nested_lightning.containers.providing.choices import import_target
from nested_lightning.containers.providing.declared import expected_of
from nested_lightning.settings.base import ChoiceSettings


@dataclass(frozen=True)
class Unchecked:
    """A replacement that isn't checked; made by `unchecked`."""

    replacement: Any


@checked_arguments
def unchecked(replacement: Any, *, because: str) -> Unchecked:
    """Waive the checks of one override.

    As in ``overriding(container, "multi_feature.head", unchecked(mock, because="it only counts calls"))``.

    Raises:
        UserError: No reason is given.
    """
    if not because.strip():
        raise UserError("unchecked needs a reason: unchecked(replacement, because='…')")
    return Unchecked(replacement)


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
        called = called_for(replacement)
        override._refuse([] if called is None else override.expected.lacks_of_maker(called))
        return override

    @property
    def expected(self) -> Expected:
        """What has to come of the provider."""
        return expected_of(self.target)

    @property
    def maker(self) -> Any:
        """What is called in the provider's place, or a ready object."""
        is_provider = isinstance(self.replacement, providers.Provider)
        return self.replacement if is_provider else called_for(self.replacement)

    def provider(self) -> providers.Provider[Any]:
        """Return a provider of the replacement, made at the place of the part that is being built."""
        is_called = isinstance(self.maker, type | providers.Provider) or is_function(self.maker)
        if isinstance(self.maker, providers.Object) or not is_called:
            ready = called_for(self.maker)
            return providers.Object(ready) if self.is_checked else providers.Callable(_give, ready)
        kind = providers.Singleton if isinstance(self.target, providers.BaseSingleton) else providers.Callable
        return kind(self._make)

    def _make(self, *args: Any, **kwargs: Any) -> Any:
        made = make_here(self.maker, *args, **kwargs)
        if self.is_checked:
            self._refuse(self.expected.lacks(made))
        else:
            expect_anything_here()
        return made

    def _refuse(self, lacks: list[str]) -> None:
        if lacks:
            raise OverrideRefusedError(self.path, describe(self.replacement), str(self.expected), lacks)


def _give(ready: Any, *_: Any, **__: Any) -> Any:
    expect_anything_here()
    return ready


def describe(replacement: Any) -> str:
    """Return a replacement as a person knows it, e.g. ``MyHead``, ``a ready Linear`` or ``42``."""
    if isinstance(replacement, ChoiceSettings):
        return f"the registered kind {replacement.kind}"
    return described(replacement)


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
