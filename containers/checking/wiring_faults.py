"""Faults in how providers are put together that can be seen without calling any."""

import inspect
from collections.abc import Collection, Iterator
from typing import Any

from dependency_injector import providers

from nested_lightning.app.checking.findings import Fault
from nested_lightning.app.errors import did_you_mean
from nested_lightning.containers.checking.keyword_faults import find_unknown_keywords
from nested_lightning.containers.checking.provided_names import check_provided_name
from nested_lightning.containers.checking.provider_graph import (
    Injection,
    find_cycles,
    in_force,
    injections,
    list_providers,
)
from nested_lightning.containers.providing.choices import build_chosen, import_target
from nested_lightning.settings.base import ChoiceSettings

_CALLING = (providers.Callable, providers.Factory, providers.BaseSingleton)


def find_wiring_faults(container: Any) -> Iterator[Fault]:
    """Yield a fault for each missing provider, misspelt name, wrong keyword and cycle.

    Args:
        container: An application's container, or one that it is part of.
    """
    for circle in find_cycles(container):
        yield Fault(
            path=circle[0],
            what=f"these providers need one another: {' → '.join(circle)}",
            hint="hand one of them on uncalled (.provider), or take the injection away",
        )
    seen: set[int] = set()
    called = _called_without_arguments(container)
    for path, provider in list_providers(container):
        yield from _visit(path, in_force(provider), called, seen)


def _visit(path: str, provider: Any, called: set[int], seen: set[int]) -> Iterator[Fault]:
    if id(provider) in seen:
        return
    seen.add(id(provider))
    if isinstance(provider, providers.AttributeGetter):
        yield from check_provided_name(path, provider)
    if isinstance(provider, _CALLING):
        yield from _check_keywords(path, provider, is_complete=id(provider) in called)
    for injection in injections(provider):
        inner = in_force(injection.provider)
        if isinstance(inner, providers.Dependency):
            if not inner.is_defined:
                yield _missing(path, injection, inner)
        elif not isinstance(inner, providers.Container):
            yield from _visit(path, inner, called, seen)


def _missing(path: str, injection: Injection, dependency: Any) -> Fault:
    wanted = dependency.parent_name or injection.name
    *_, name = wanted.split(".")
    near = did_you_mean(name, _siblings(dependency))
    return Fault(
        path=path,
        what=f"'{injection.name}' is missing: nothing provides {_without_root(wanted)}{near}",
        hint="" if near else "declare a provider of this name, or give the container one",
    )


def _siblings(dependency: Any) -> list[str]:
    parent = dependency.parent
    given = [source for each in getattr(parent, "overridden", ()) for source in each.providers]
    return [name for name in given if name != (dependency.parent_name or "").rpartition(".")[2]]


def _without_root(name: str) -> str:
    """Return a name without the class of the outermost container."""
    return name.partition(".")[2] or name


def _called_without_arguments(container: Any) -> set[int]:
    """Return the ids of providers that others call without giving them anything."""
    found: set[int] = set()
    waiting = [in_force(provider) for _, provider in list_providers(container)]
    seen: set[int] = set()
    while waiting:
        provider = waiting.pop()
        if id(provider) not in seen:
            seen.add(id(provider))
            inner = [in_force(each.provider) for each in injections(provider) if each.name]
            found.update(map(id, inner))
            waiting += [in_force(each.provider) for each in injections(provider)]
    return found


def _check_keywords(path: str, provider: Any, *, is_complete: bool) -> Iterator[Fault]:
    target = provider.provides
    if isinstance(target, providers.Provider) or target is None:
        return
    if choice := _choice(provider):
        yield from _check_chosen(path, choice, provider.kwargs)
        return
    try:
        parameters = inspect.signature(target).parameters
    except (TypeError, ValueError):  # written in C, without a signature
        return
    name = getattr(target, "__name__", str(target))
    yield from find_unknown_keywords(name, parameters, provider.kwargs, path_of=lambda _: path)
    if is_complete:
        lacking = [
            each.name
            for each in list(parameters.values())[len(provider.args) :]
            if each.default is each.empty
            and each.kind not in (each.VAR_KEYWORD, each.VAR_POSITIONAL)
            and each.name not in provider.kwargs
        ]
        for keyword in lacking:
            yield Fault(path=path, what=f"{name} needs '{keyword}', which isn't given to it")


def _choice(provider: Any) -> ChoiceSettings | None:
    """Return the settings of the choice that `build_chosen` is called with, or None if that isn't called."""
    if provider.provides is not build_chosen or not provider.args:
        return None
    try:
        choice = in_force(provider.args[0])()
    except AttributeError:  # a misspelt name, which is a fault of its own
        return None
    return choice if isinstance(choice, ChoiceSettings) else None


def _check_chosen(path: str, choice: ChoiceSettings, keywords: Collection[str]) -> Iterator[Fault]:
    try:
        target = import_target(choice.target)
    except (ImportError, AttributeError):  # a fault of the choice, see `find_choice_faults`
        return
    parameters = inspect.signature(target).parameters
    yield from find_unknown_keywords(target.__name__, parameters, keywords, path_of=lambda _: path)
