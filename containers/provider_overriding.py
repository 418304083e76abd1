"""Put something else in a provider's place for a while, by its dotted path."""

import asyncio
import inspect
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from dependency_injector import providers

from containers.provider_paths import find_provider


class OverrideInUseError(RuntimeError):
    """A provider that another thread or task overrides at this moment."""


@contextmanager
def overriding(container: Any, *path_and_replacement: Any) -> Iterator[Any]:
    """Override providers while the block runs, and put them back afterwards, also after an exception.

    ``with overriding(container, "multi_feature.feature_extractors.kar", MockExtractor):``, or several at a
    time: ``overriding(container, {"multi_feature.combiner": MyCombiner, "multi_feature.head": MyHead})``.
    Either all are overridden or none. Blocks may be nested, of the same provider too.

    Args:
        container: An application's container, or a container that it is part of.
        *path_and_replacement: A path and what is put in; or a mapping of several. A class or a function is
            called wherever the provider would be; a ready module, or any other object, is used as it is; a
            provider takes the provider's place.

    Yields:
        The container.

    Raises:
        OverridePathError: There is no provider at a path; the near ones are named.
        OverrideInUseError: Another thread or task overrides the same provider at this moment.
    """
    wanted = _as_mapping(path_and_replacement)
    targets = {path: find_provider(container, path) for path in wanted}
    place = _calling_place()
    with ExitStack() as stack:
        for path, target in targets.items():
            stack.enter_context(_claim(target, path, place))
        singletons = _dependent_singletons(container, list(targets.values()))
        _reset(singletons)
        stack.callback(_reset, singletons)
        for path, target in targets.items():
            stack.enter_context(target.override(_as_provider(wanted[path])))
        yield container


def _as_mapping(arguments: tuple[Any, ...]) -> dict[str, Any]:
    if not arguments:
        return {}
    if len(arguments) == 1 and isinstance(arguments[0], Mapping):
        return dict(arguments[0])
    if len(arguments) == 2 and isinstance(arguments[0], str):
        return {arguments[0]: arguments[1]}
    raise TypeError("overriding takes a path and what is put in, or a mapping of several")


def _as_provider(replacement: Any) -> providers.Provider[Any]:
    if isinstance(replacement, providers.Provider):
        return replacement
    if isinstance(replacement, type):
        return providers.Factory(replacement)
    if inspect.isroutine(replacement) or isinstance(replacement, partial):
        return providers.Callable(replacement)
    return providers.Object(replacement)


def _dependent_singletons(container: Any, targets: list[Any]) -> list[Any]:
    """Return the singletons that were, or would be, built with a target: they must be built anew."""
    singletons = container.traverse(types=[providers.Singleton])
    return [
        singleton
        for singleton in singletons
        if any(related is target for related in singleton.traverse() for target in targets)
    ]


def _reset(singletons: list[Any]) -> None:
    for singleton in singletons:
        singleton.reset()


_lock = threading.Lock()
_claims: dict[int, list[tuple[object, str]]] = {}
"""Who overrides a provider at this moment, by the provider's id, and where in the code."""


@contextmanager
def _claim(target: Any, path: str, place: str) -> Iterator[None]:
    owner = (threading.get_ident(), _current_task())
    with _lock:
        holders = _claims.setdefault(id(target), [])
        if holders and holders[0][0] != owner:
            raise OverrideInUseError(
                f"{path} is overridden at {holders[0][1]} at this moment, so {place} can't: "
                "give each thread or task a container of its own"
            )
        holders.append((owner, place))
    try:
        yield
    finally:
        with _lock:
            holders.pop()
            if not holders:
                del _claims[id(target)]


def _current_task() -> object:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def _calling_place() -> str:
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__") in (__name__, "contextlib"):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
