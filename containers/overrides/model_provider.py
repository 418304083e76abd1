"""A composite that is built while providers are overridden: its recipe says so, and a batch checks it."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from dependency_injector import providers
from pytorch_lightning import LightningModule

from nested_lightning.app.assembly.errors import OverrideRefusedError
from nested_lightning.app.checking.copied_steps import find_step_faults
from nested_lightning.app.checking.lazy_layers import materialise
from nested_lightning.app.errors import UserError
from nested_lightning.containers.checking.provider_graph import list_providers
from nested_lightning.containers.overrides.override import Override, describe
from nested_lightning.containers.overrides.recording import record
from nested_lightning.containers.providing.declared import without_overriding
from nested_lightning.containers.providing.trained import TrainedModel

_lock = threading.Lock()


class RestoredModel(providers.Object[Any]):
    """The provider of a model that was read from a file: providers of its submodules are no longer called."""


class OverriddenModel(providers.Callable[Any]):
    """Builds a family's model while some providers are overridden.

    Attributes:
        placed: What is put in, the outer ones first, each with its path below the application.
    """

    def __init__(self, family: Any = None) -> None:
        self.placed: list[tuple[str, Override]] = []
        super().__init__(*(() if family is None else (_build, family, self.placed)))

    @classmethod
    def knowing(cls, placed: tuple[str, Override], family: Any) -> "OverriddenModel":
        """Return the one that builds a family's model from now on, with one more override."""
        provider = family.providers["model"]
        with _lock:
            if not isinstance(provider.last_overriding, cls):
                provider.override(cls(family))
            found: OverriddenModel = provider.last_overriding
            found.placed.append(placed)
            return found

    def forget(self, placed: tuple[str, Override], family: Any) -> None:
        """Forget an override, and give way where none is left; overrides may end in any order."""
        provider = family.providers["model"]
        with _lock:
            self.placed.remove(placed)
            if not self.placed and provider.last_overriding is self:
                provider.reset_last_overriding()


def families_with(override: Override, containers: Sequence[Any]) -> Iterator[tuple[Any, str]]:
    """Yield the families whose models an override concerns, and its path below the application.

    Raises:
        UserError: The model is there already, read from a file, and wouldn't have what is put in.
    """
    for family, path in _families(override, containers):
        provider = family.providers["model"]
        present = provider.last_overriding
        if isinstance(present, RestoredModel):
            _refuse_submodule(override)
        elif override.target is not provider and isinstance(present, OverriddenModel | TrainedModel | None):
            yield family, path


def provider_of(override: Override, containers: Sequence[Any]) -> providers.Provider[Any]:
    """Return what is put in a provider's place; of a whole model, one that gives it the family's recipe."""
    for family, path in _families(override, containers):
        if override.target is family.providers["model"] and "recipe" in family.providers:
            return providers.Callable(_build_whole, override.provider().provider, family, path, override)
    return override.provider()


def overrides_of(family: Any) -> list[Override]:
    """Return what was put in the place of providers that concern a family's model."""
    put_in = family.providers["model"].overridden
    placed = [one for each in put_in if isinstance(each, OverriddenModel) for one in each.placed]
    return [override for _, override in placed]


def list_overridden(container: Any) -> Iterator[tuple[str, int]]:
    """Yield the path of each provider of a container that is overridden, and how many times it is."""
    for path, provider in list_providers(container):
        count = sum(not isinstance(each, OverriddenModel | TrainedModel) for each in provider.overridden)
        if count and not isinstance(provider, providers.Dependency):
            yield path, count


def _families(override: Override, containers: Sequence[Any]) -> list[tuple[Any, str]]:
    """Return the innermost containers with a model, each with the override's path below the application."""
    names = override.path.split(".")
    for i, container in reversed([*enumerate(containers)]):
        if "model" in container.providers:
            return [(container, ".".join(names[max(i - 1, 0) :]))]
        inner = [p.container for p in container.providers.values() if isinstance(p, providers.Container)]
        if families := [one for one in inner if "model" in one.providers]:
            return [(one, ".".join(names[i:])) for one in families]
    return []


def _refuse_submodule(override: Override) -> None:
    if override.expected.is_module and not issubclass(override.expected.base, LightningModule):
        raise UserError(
            f"{override.path}: this model was read from a file and is built already; give the override to"
            " from_checkpoint(…, overrides=…), or override the model"
        )


def _build(family: Any, placed: Sequence[tuple[str, Override]], *args: Any, **kwargs: Any) -> Any:
    provider = family.providers["model"]
    assembler = family.assembler() if "assembler" in family.providers else None
    if assembler is not None and "assembler" in provider.kwargs:
        kwargs = {"assembler": assembler, **kwargs}
    model = without_overriding(provider)(*args, **kwargs)
    if placed and assembler is not None and "example_batches" in family.providers:
        on_cpu = partial(family.example_batches, device="cpu")
        materialise(model, on_cpu, seed=assembler.seed, path=assembler.path)
        _check(model, assembler, family, [override for _, override in placed])
    if getattr(model, "recipe", None) is not None:
        records = {path: record(override.replacement, path) for path, override in placed}
        model.recipe = replace(model.recipe, overrides=tuple(records.values()))
    return model


def _check(model: Any, assembler: Any, family: Any, overrides: Sequence[Override]) -> None:
    """Send a batch through, unless an override is `unchecked`, none concerns it, or a larger check does."""
    concerns_steps = any(one.expected.may_be_module for one in overrides)
    if assembler.is_collecting_faults or not concerns_steps or not all(one.is_checked for one in overrides):
        return
    if faults := find_step_faults(model, assembler, family.example_batches):
        paths = ", ".join(one.path for one in overrides)
        names = ", ".join(describe(one.replacement) for one in overrides)
        raise OverrideRefusedError(paths, names, "a submodule that a batch gets through", faults)


def _build_whole(make: Any, family: Any, path: str, override: Override, *args: Any, **kwargs: Any) -> Any:
    model = make(*args, **kwargs)
    if isinstance(model, LightningModule) and getattr(model, "recipe", None) is None:
        recorded = record(override.replacement, path)
        model.recipe = replace(family.recipe(), overrides=(recorded,))
    return model
