"""Put something else in a provider's place for a while, by its dotted path."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from dependency_injector import providers

from nested_lightning.app.errors import UserError
from nested_lightning.containers.overrides.claims import calling_place, claim
from nested_lightning.containers.overrides.model_provider import (
    add_to_model,
    families_with,
    provider_of,
    remove_from_model,
)
from nested_lightning.containers.overrides.override import Override
from nested_lightning.containers.overrides.provider_paths import FoundProvider, trace_provider


@contextmanager
def overriding(container: Any, *path_and_replacement: Any) -> Iterator[Any]:
    """Override providers while the block runs, and put them back afterwards, also after an exception.

    ``with overriding(container, "multi_feature.feature_extractors.kar", MockExtractor):``, or several at a
    time: ``overriding(container, {"multi_feature.combiner": MyCombiner, "multi_feature.head": MyHead})``.
    Either all are overridden or none. Blocks may be nested, of the same provider too.

    What is put in is checked against the Protocol that the provider is declared with: at once what it is, its
    constructor's arguments and the signatures of its methods; when the model is built, the widths that it
    publishes, and one batch on the ``meta`` device through a copy of the model. `unchecked` waives that.

    Args:
        container: An application's container, or a container that it is part of.
        *path_and_replacement: A path and what is put in; or a mapping of several. A class or a function is
            called wherever the provider would be; the settings of a registered choice are built; a ready
            module, or any other object, is used as it is; a provider takes the provider's place.

    Yields:
        The container.

    Raises:
        OverridePathError: There is no provider at a path; the near ones are named.
        OverrideRefusedError: A replacement lacks what is expected at its place.
        UserError: The arguments are none of these.
        OverrideInUseError: Another thread or task overrides the same provider at this moment.
    """
    wanted = _as_mapping(path_and_replacement)
    found = _find(container, wanted)
    overrides = _check(found, wanted)
    place = calling_place(__name__)
    with ExitStack() as stack:
        for override in overrides:
            stack.enter_context(claim(override.target, override.path, place))
        singletons = _dependent_singletons(found.values())
        _reset(singletons)
        stack.callback(_reset, singletons)
        for override in overrides:
            for family in families_with(override, found[override.path].containers):
                add_to_model(family, override)
                stack.callback(remove_from_model, family, override)
            provider = provider_of(override, found[override.path].containers)
            stack.enter_context(override.target.override(provider))
        yield container


def override_for_good(container: Any, wanted: Mapping[str, Any]) -> None:
    """Override providers for as long as the container lives, as `overriding` does for a block.

    Raises:
        OverridePathError: There is no provider at a path; the near ones are named.
        OverrideRefusedError: A replacement lacks what is expected at its place.
    """
    found = _find(container, wanted)
    overrides = _check(found, wanted)
    for override in overrides:
        for family in families_with(override, found[override.path].containers):
            add_to_model(family, override)
        override.target.override(provider_of(override, found[override.path].containers))
    _reset(_dependent_singletons(found.values()))


def _as_mapping(arguments: tuple[Any, ...]) -> dict[str, Any]:
    if not arguments:
        return {}
    if len(arguments) == 1 and isinstance(arguments[0], Mapping):
        return dict(arguments[0])
    if len(arguments) == 2 and isinstance(arguments[0], str):
        return {arguments[0]: arguments[1]}
    raise UserError("overriding takes a path and what is put in, or a mapping of several")


def _find(container: Any, wanted: Mapping[str, Any]) -> dict[str, FoundProvider]:
    if not hasattr(container, "providers"):
        raise UserError(f"{container!r} is no container; give one, as bootstrap or from_checkpoint makes it")
    return {path: trace_provider(container, path) for path in wanted}


def _check(found: Mapping[str, FoundProvider], wanted: Mapping[str, Any]) -> list[Override]:
    return [Override.checked(path, each.provider, wanted[path]) for path, each in found.items()]


def _dependent_singletons(found: Any) -> list[Any]:
    """Return the singletons that were, or would be, built with a target: they must be built anew."""
    targets = [each.provider for each in found]
    containers = {id(container): container for each in found for container in each.containers}
    singletons = {
        id(singleton): singleton
        for container in containers.values()
        for singleton in container.traverse(types=[providers.BaseSingleton])
    }
    return [
        singleton
        for singleton in singletons.values()
        if any(related is target for related in singleton.traverse() for target in targets)
    ]


def _reset(singletons: list[Any]) -> None:
    for singleton in singletons:
        singleton.reset()
