"""Providers that containers declare in one line, with the Protocol or class of what they give."""

from typing import Any

from dependency_injector import providers
from pytorch_lightning import Callback

from nested_lightning.app.assembly.assembler import Assembler
from nested_lightning.containers.providing.choices import build_at, build_chosen, build_named, build_part
from nested_lightning.containers.providing.declared import DeclaredCallable, DeclaredFactory
from nested_lightning.containers.providing.named import NamedProviders


def callback(made: Any, **arguments: Any) -> DeclaredFactory:
    """Return a provider of a callback of trainings."""
    return DeclaredFactory(Callback, made, **arguments)


def chosen(protocol: type, choice: Any) -> DeclaredCallable:
    """Return a provider of what the settings say that ``choice`` provides."""
    return DeclaredCallable(protocol, build_chosen, choice)


def chosen_at(path: str, protocol: type, choice: Any) -> DeclaredCallable:
    """Return the same, where faults of the values name the choice's path in the settings."""
    return DeclaredCallable(protocol, build_at, path, choice)


def each_named(default: DeclaredCallable | DeclaredFactory, choices: Any = None) -> NamedProviders:
    """Return a provider of items by name: by its own choice where an item has one, else by the default."""
    return NamedProviders(DeclaredCallable(default.expected, build_named, default.provider, choices or {}))


def part_of_each(default: DeclaredCallable, items: Any, part: str) -> NamedProviders:
    """Return a provider of one part of items by name, e.g. their ``encoder``, see `build_part`."""
    return NamedProviders(DeclaredCallable(default.expected, build_part, default.provider, items, part))


def seeded_assembler(path: str, application: Any, trainer: Any) -> providers.Factory[Assembler]:
    """Return a provider of what builds a composite, by its path, as the settings say."""
    return providers.Factory(Assembler, seed=application.provided.seed, path=path, adapters=trainer.adapters)


def attributes(provided: Any, *names: str) -> dict[str, Any]:
    """Return providers of attributes, for keywords that are called as they are."""
    return {name: getattr(provided, name) for name in names}
