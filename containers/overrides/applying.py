"""Put something else in a provider's place for a while, by its dotted path."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from dependency_injector import providers

from nested_lightning.app.errors import UserError
from nested_lightning.containers.overrides.claims import calling_place, claim
from nested_lightning.containers.overrides.model_provider import OverriddenModel, families_with, provider_of
from nested_lightning.containers.overrides.override import Override
from nested_lightning.containers.overrides.provider_paths import trace_provider

Found = tuple[Override, tuple[Any, ...]]
"""An override, and the containers on the way to its place, the outermost first."""


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
    place = calling_place(__name__)
    with ExitStack() as stack:
        found = _find(container, _as_mapping(path_and_replacement))
        for override, _ in found:
            stack.enter_context(claim(override.target, override.path, place))
        _place(found, stack)
        yield container


def override_for_good(container: Any, wanted: Mapping[str, Any]) -> None:
    """Override providers for as long as the container lives, as `overriding` does for a block.

    Raises:
        OverridePathError: There is no provider at a path; the near ones are named.
        OverrideRefusedError: A replacement lacks what is expected at its place.
    """
    with ExitStack() as stack:
        _place(_find(container, wanted), stack)
        stack.pop_all()


def _as_mapping(arguments: tuple[Any, ...]) -> dict[str, Any]:
    if not arguments:
        return {}
    if len(arguments) == 1 and isinstance(arguments[0], Mapping):
        return dict(arguments[0])
    if len(arguments) == 2 and isinstance(arguments[0], str):
        return {arguments[0]: arguments[1]}
    raise UserError("overriding takes a path and what is put in, or a mapping of several")


def _find(container: Any, wanted: Mapping[str, Any]) -> list[Found]:
    """Return the overrides, checked as far as is possible without data."""
    if not hasattr(container, "providers"):
        raise UserError(f"{container!r} is no container; give one, as bootstrap or from_checkpoint makes it")
    traced = {path: trace_provider(container, path) for path in wanted}
    return [
        (Override.checked(path, provider, wanted[path]), containers)
        for path, (provider, containers) in traced.items()
    ]


def _place(found: Sequence[Found], stack: ExitStack) -> None:
    """Override; leaving the stack undoes it."""
    singletons = [*_dependent_singletons(found)]
    _reset(singletons)
    stack.callback(_reset, singletons)
    for override, containers in found:
        for family, path in families_with(override, containers):
            model = OverriddenModel.knowing((path, override), family)
            stack.callback(model.forget, (path, override), family)
        stack.enter_context(override.target.override(provider_of(override, containers)))


def _dependent_singletons(found: Sequence[Found]) -> Iterator[Any]:
    """Yield the singletons that were, or would be, built with a target: they must be built anew."""
    targets = {id(override.target) for override, _ in found}
    for container in {id(one): one for _, containers in found for one in containers}.values():
        for singleton in container.traverse(types=[providers.BaseSingleton]):
            if any(id(related) in targets for related in singleton.traverse()):
                yield singleton


def _reset(singletons: Iterable[Any]) -> None:
    for singleton in singletons:
        singleton.reset()
