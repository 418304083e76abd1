"""A composite that is built while providers are overridden: its recipe says so, and a batch checks it."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from dependency_injector import providers
from pytorch_lightning import LightningModule
from torch import nn

from nested_lightning.app.assembly.protocols import required_class
from nested_lightning.app.checking.lazy_layers import materialise
from nested_lightning.app.errors import UserError
from nested_lightning.containers.overrides.batch_check import check_overridden
from nested_lightning.containers.overrides.override import Override
from nested_lightning.containers.overrides.recording import record
from nested_lightning.containers.providing.declared import without_overriding
from nested_lightning.containers.providing.named import NamedProviders
from nested_lightning.containers.providing.nested import WithParts
from nested_lightning.containers.providing.trained import TrainedModel

_lock = threading.Lock()


class RestoredModel(providers.Object[Any]):
    """The provider of a model that was read from a file: no provider of a submodule is asked any more."""


class OverriddenModel(providers.Callable[Any]):
    """Builds a family's model while some providers are overridden.

    Args:
        family: The family's container.
    """

    def __init__(self, family: Any = None) -> None:
        self.placed: list[Override] = []
        super().__init__(*(() if family is None else (_build, family, self.placed)))


def families_with(override: Override, containers: Sequence[Any]) -> list[Any]:
    """Return the containers of the families whose model an override concerns.

    Args:
        override: What is overridden.
        containers: Those on the way to it, the outermost first.

    Raises:
        UserError: The model is there already, read from a file, and wouldn't have what is put in.
    """
    families = []
    for family in _families(containers):
        provider = family.providers["model"]
        present = provider.last_overriding
        if isinstance(present, RestoredModel):
            _refuse_submodule(override)
        elif override.target is not provider and isinstance(present, OverriddenModel | TrainedModel | None):
            families.append(family)
    return families


def provider_of(override: Override, containers: Sequence[Any]) -> providers.Provider[Any]:
    """Return what is put in a provider's place; of a whole model, one that gives it the family's recipe."""
    for family in _families(containers):
        if override.target is family.providers["model"] and "recipe" in family.providers:
            return providers.Callable(_build_whole, override.provider().provider, family, override)
    return override.provider()


def add_to_model(family: Any, override: Override) -> None:
    """Let the models of a family that are built from now on know of an override."""
    provider = family.providers["model"]
    with _lock:
        if not isinstance(provider.last_overriding, OverriddenModel):
            provider.override(OverriddenModel(family))
        provider.last_overriding.placed.append(override)


def remove_from_model(family: Any, override: Override) -> None:
    """Undo `add_to_model`; overrides may go in any order."""
    provider = family.providers["model"]
    with _lock:
        for overriding in provider.overridden:
            if isinstance(overriding, OverriddenModel) and override in overriding.placed:
                overriding.placed.remove(override)
        last = provider.last_overriding
        if isinstance(last, OverriddenModel) and not last.placed:
            provider.reset_last_overriding()


def overrides_of(family: Any) -> list[Override]:
    """Return what was put in the place of providers that concern a family's model."""
    put_in = family.providers["model"].overridden
    return [one for each in put_in if isinstance(each, OverriddenModel) for one in each.placed]


def list_overridden(container: Any, above: str = "") -> Iterator[tuple[str, int]]:
    """Yield the path of each provider of a container that is overridden, and how many times it is."""
    for name, provider in container.providers.items():
        yield from _list_overridden(f"{above}{name}", provider)


def _list_overridden(path: str, provider: Any) -> Iterator[tuple[str, int]]:
    count = sum(not isinstance(each, OverriddenModel | TrainedModel) for each in provider.overridden)
    if count and not isinstance(provider, providers.Dependency | providers.DependenciesContainer):
        yield path, count
    if isinstance(provider, providers.Container):
        yield from list_overridden(provider.container, f"{path}.")
    elif isinstance(provider, NamedProviders):
        for name, item in provider.named.items():
            yield from _list_overridden(f"{path}.{name}", item)
    elif isinstance(provider, WithParts):
        for name, part in provider.parts.items():
            yield from _list_overridden(f"{path}.{name}", part)


def _families(containers: Sequence[Any]) -> list[Any]:
    """Return the innermost container on the way that has a model, or those that it holds."""
    for container in reversed(containers):
        inner = [p.container for p in container.providers.values() if isinstance(p, providers.Container)]
        families = [one for one in (container, *inner) if "model" in one.providers]
        if families:
            return families
    return []


def _refuse_submodule(override: Override) -> None:
    required = object if override.protocol is None else required_class(override.protocol)
    if issubclass(required, nn.Module) and not issubclass(required, LightningModule):
        raise UserError(
            f"{override.path}: this model was read from a file and is built already; give the override to"
            " from_checkpoint(…, overrides=…), or override the model"
        )


def _build(family: Any, overrides: Sequence[Override], *args: Any, **kwargs: Any) -> Any:
    provider = family.providers["model"]
    assembler = family.assembler() if "assembler" in family.providers else None
    if assembler is not None and "assembler" in provider.kwargs:
        kwargs = {"assembler": assembler, **kwargs}
    model = without_overriding(provider)(*args, **kwargs)
    if assembler is not None and "example_batches" in family.providers:
        on_cpu = partial(family.example_batches, device="cpu")
        materialise(model, on_cpu, seed=assembler.seed, path=assembler.path)
        check_overridden(model, assembler, family.example_batches, overrides)
    recipe = getattr(model, "recipe", None)
    if recipe is not None:
        records = {override.path: record(override.replacement, override.path) for override in overrides}
        model.recipe = replace(recipe, overrides=tuple(records.values()))
    return model


def _build_whole(make: Any, family: Any, override: Override, *args: Any, **kwargs: Any) -> Any:
    model = make(*args, **kwargs)
    if isinstance(model, LightningModule) and getattr(model, "recipe", None) is None:
        recorded = record(override.replacement, override.path)
        model.recipe = replace(family.recipe(), overrides=(recorded,))
    return model
