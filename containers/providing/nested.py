"""A provider of named items that are made of parts, each of which can be overridden by both names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dependency_injector import providers

from nested_lightning.containers.providing.declared import DeclaredCallable
from nested_lightning.containers.providing.named import NamedProviders


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
