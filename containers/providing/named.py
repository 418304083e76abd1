"""Providers of named items, each of which, and each part of which, can be overridden by its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from dependency_injector import providers

from nested_lightning.app.assembly.expected import Expected
from nested_lightning.containers.providing.declared import DeclaredCallable, expected_of, is_replaced


class NamedProviders(providers.Provider[Any]):
    """One provider for each name; all of them build by ``item``, called with the name.

    The names need not be known beforehand: they may come from data. An item is addressed as
    ``feature_extractors["kar"]``, or ``feature_extractors.kar`` where the name is no Python word, and
    overridden like any other provider. Calling the whole with a name calls that item.
    """

    __slots__ = ("_item", "_named")

    def __init__(self, item: providers.Provider[Any]) -> None:
        self._item = item
        self._named: dict[str, providers.Provider[Any]] = {}
        super().__init__()

    def __deepcopy__(self, memo: dict[Any, Any] | None = None) -> NamedProviders:
        memo = {} if memo is None else memo
        copied: NamedProviders | None = memo.get(id(self))
        if copied is not None:
            return copied
        copied = self.__class__(providers.deepcopy(self._item, memo))
        memo[id(self)] = copied
        copied._named = {name: providers.deepcopy(item, memo) for name, item in self._named.items()}
        self._copy_overridings(copied, memo)
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle it as a function of an item's name and arguments, see `declared`."""
        return partial, (_call_item, self._item, dict(self._named))

    def __getitem__(self, name: str) -> providers.Provider[Any]:
        """Return the provider of one item."""
        if name not in self._named:
            self._named[name] = DeclaredCallable(self.expected_item, self._item, name)
        return self._named[name]

    def __getattr__(self, name: str) -> providers.Provider[Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    @property
    def expected_item(self) -> Expected:
        """What each item has to be."""
        return expected_of(self._item)

    @property
    def expected(self) -> Expected:
        """The same where the item's name is given first, as the whole is called."""
        return self.expected_item.with_name()

    @property
    def named(self) -> Mapping[str, providers.Provider[Any]]:
        """The items that have been addressed so far, by name."""
        return dict(self._named)

    @property
    def related(self) -> Iterator[providers.Provider[Any]]:
        """Yield the providers that this one depends on."""
        yield self._item
        yield from self._named.values()
        yield from super().related

    def _provide(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return _call_item(self._item, self._named, *args, **kwargs)


class NestedProviders(NamedProviders):
    """Named items with named parts: ``vaes["3"]`` is an item, ``vaes["3"].encoder`` its encoder."""

    __slots__ = ("_parts",)

    def __init__(
        self, item: providers.Provider[Any], *, parts: Mapping[str, NamedProviders] | None = None
    ) -> None:
        super().__init__(item)
        self._parts = dict(parts or {})

    def __deepcopy__(self, memo: dict[Any, Any] | None = None) -> NestedProviders:
        memo = {} if memo is None else memo
        copied: Any = super().__deepcopy__(memo)
        if not copied._parts:
            copied._parts = {name: providers.deepcopy(part, memo) for name, part in self._parts.items()}
            copied._named = {}
        return copied

    def __getitem__(self, name: str) -> providers.Provider[Any]:
        """Return the provider of one item, which has its parts as attributes."""
        if name not in self._named:
            parts = {part: named[name] for part, named in self._parts.items()}
            self._named[name] = _ItemWithParts(self.expected_item, self._item, name, parts=parts)
        return self._named[name]


class WithParts:
    """What a provider of something made of parts adds: the providers of these parts as attributes.

    Attributes:
        choice: The provider of the settings of what it builds; None: not known.
    """

    choice: Any = None

    @property
    def parts(self) -> Mapping[str, providers.Provider[Any]]:
        """The providers of its parts by name."""
        return {}

    def __getattr__(self, part: str) -> providers.Provider[Any]:
        if part.startswith("_") or part not in self.parts:
            raise AttributeError(f"there is no part '{part}' (parts: {', '.join(self.parts)})")
        return self.parts[part]


class _ItemWithParts(WithParts, DeclaredCallable):
    """The provider of one item."""

    def __init__(self, *args: Any, parts: Mapping[str, providers.Provider[Any]]) -> None:
        super().__init__(*args)
        self._item_parts = dict(parts)

    @property
    def parts(self) -> Mapping[str, providers.Provider[Any]]:
        """The providers of its parts, which are items of other providers."""
        found: Mapping[str, providers.Provider[Any]] = self.__dict__.get("_item_parts", {})
        return found


def build_items(items: NamedProviders, names: Iterable[str], *more: Any) -> list[Any]:
    """Build the items that settings name, then those that overrides add, and add what else there is."""
    put_in = [name for name, item in items.named.items() if is_replaced(item)]
    return [*(items[name]() for name in dict.fromkeys([*names, *put_in])), *more]


def _call_item(item: Any, named: Mapping[str, Any], name: str, *args: Any, **kwargs: Any) -> Any:
    return named[name](*args, **kwargs) if name in named else item(name, *args, **kwargs)
