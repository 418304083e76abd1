"""Providers of the parts of a wiring function and, at any depth, of the parts of those parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dependency_injector import providers
from pydantic import ValidationError

from nested_lightning.app.assembly.expected import ANYTHING, Expected
from nested_lightning.containers.owning.own_choice import OwnChoice, build_part
from nested_lightning.containers.owning.plan import PartPlan
from nested_lightning.containers.providing.choices import build_named
from nested_lightning.containers.providing.declared import DeclaredCallable, is_replaced
from nested_lightning.containers.providing.named import NamedProviders, WithParts
from nested_lightning.settings.base import Settings
from nested_lightning.settings.describing.walking import NamedItems, fields_of
from nested_lightning.settings.reading.errors import SettingsError, describe_problems
from nested_lightning.settings.slot import Slot

Provider = providers.Provider[Any]


class WithMakers(WithParts):
    """Takes the providers of its parts from its last argument, which builds them by name."""

    args: tuple[Any, ...]

    @property
    def parts(self) -> Mapping[str, Provider]:
        """The providers of its own parts by name."""
        return {name: one.provides for name, one in self.args[-1].kwargs.items()} if self.args else {}


class DataProvider(WithMakers, providers.Singleton[Any]):
    """Builds the datamodule, which may have parts of its own."""


class PartProvider(WithMakers, DeclaredCallable):
    """Builds one part from its settings; its own parts are those of wiring functions among its kinds.

    Called with what builds a part of settings, the settings, and what builds its own parts.
    """

    @property
    def choice(self) -> Provider:
        """The provider of its settings."""
        found: Provider = list(self.args)[-2]
        return found


class ItemProviders(NamedProviders):
    """Parts by name: ``vaes["sine"]`` builds one of them, ``vaes["sine"].encoder`` is a part of that.

    Args:
        item: Calls `build_named` with what builds an item that has no settings, and with those of items.
        plan: What is declared.
        slot: What may be chosen.
    """

    __slots__ = ("_plan", "_slot")

    def __init__(self, item: Provider, *, plan: PartPlan | None = None, slot: Slot | None = None) -> None:
        super().__init__(item)
        self._plan, self._slot = plan, slot

    def __deepcopy__(self, memo: dict[Any, Any] | None = None) -> ItemProviders:
        copied: Any = super().__deepcopy__(memo)
        copied._plan, copied._slot = self._plan, self._slot
        return copied

    @property
    def expected_item(self) -> Expected:
        """What each item has to be."""
        return self._plan.expected if self._plan else ANYTHING

    def __getitem__(self, name: str) -> Provider:
        """Return the provider of one item."""
        if name not in self._named and self._plan and self._slot:
            item: Any = self._item
            every, choices = item.args
            self._named[name] = _part_provider(
                self._plan,
                self._slot,
                providers.Callable(_choice_of, choices, every.provides.choice, name),
                fallback=every.provides,
                has_own=providers.Callable(_has_own, choices, name),
            )
        return super().__getitem__(name)


def part_providers(
    parts: Mapping[str, PartPlan],
    settings: type[Settings],
    section: Callable[[str], Provider],
    *,
    fallback: PartProvider | None = None,
    has_own: Provider | None = None,
) -> dict[str, Provider]:
    """Return the providers of a wiring function's parts by name.

    Args:
        parts: What is declared.
        settings: The model of the section with their settings.
        section: Gives the provider of the settings of a name.
        fallback: Has parts that stand for these where the item that they are parts of has no settings.
        has_own: Says whether it has.
    """
    places = fields_of(settings)
    found: dict[str, Provider] = {}
    for name, plan in parts.items():
        place = places[name]
        slot = place.item if isinstance(place, NamedItems) else place
        assert isinstance(slot, Slot)
        named = plan.each if plan.declaration.is_plural else name
        choice = section(named) if named else providers.Callable(_default_of, name, slot)
        above = fallback.parts.get(named) if fallback and named else None
        one = _part_provider(plan, slot, choice, fallback=above, has_own=has_own)
        if named:
            found[named] = one
        if plan.declaration.is_plural:
            item = providers.Callable(build_named, one.provider, section(name))
            found[name] = ItemProviders(item, plan=plan, slot=slot)
    return found


def _part_provider(
    plan: PartPlan, slot: Slot, choice: Provider, *, fallback: Any = None, has_own: Provider | None = None
) -> PartProvider:
    def section(name: str) -> Provider:
        return providers.Callable(getattr, choice, name, None)

    parts: dict[str, Provider] = {}
    for kind in slot.choices.values():
        if issubclass(kind, OwnChoice) and kind.parts:
            below = part_providers(kind.parts, kind, section, fallback=fallback, has_own=has_own)
            parts = {**below, **parts}
    makers = makers_of(parts)
    if fallback is None:
        return PartProvider(plan.expected, build_part, choice, makers)
    return PartProvider(plan.expected, _build_own, fallback.provider, has_own, choice, makers)


def makers_of(parts: Mapping[str, Provider]) -> Provider:
    """Return a provider of what builds parts, by name."""
    return providers.Dict({name: one.provider for name, one in parts.items()})


def _build_own(fallback: Any, has_own: bool, choice: Any, makers: Any, *args: Any, **kwargs: Any) -> Any:
    """Build a part of an item; without settings of its own, whatever is put in the place of all counts."""
    if is_replaced(fallback) and not has_own:
        return fallback(*args, **kwargs)
    return build_part(choice, makers, *args, **kwargs)


def _choice_of(choices: Mapping[str, Any] | None, every: Any, name: str) -> Any:
    return (choices or {}).get(name, every)


def _has_own(choices: Mapping[str, Any] | None, name: str) -> bool:
    return name in (choices or {})


def _default_of(name: str, slot: Slot) -> Any:
    choice = slot.choices[slot.default]
    try:
        return choice(kind=slot.default)
    except ValidationError as error:
        needed = [f"each of {name} needs settings: {line}" for line in describe_problems(error, choice)]
        raise SettingsError(needed) from None
