"""Builds the submodules of one composite from injected factories: seeded, checked, named."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from app.composition.errors import CompositionError, WidthError
from app.composition.seeding import seeded


class Assembler:
    """Builds submodules at dotted paths below one composite.

    Args:
        seed: Seed of the whole application; each submodule draws from a seed of its own path.
        path: Path of the composite, e.g. ``multi_feature``.
        faults: Where everything that is wrong is collected, while something else stands for what can't be
            built; None: the first fault is raised.

    Attributes:
        built: Submodules by their paths below the composite, in the order in which they were built.
    """

    def __init__(self, *, seed: int, path: str, faults: list[CompositionError] | None = None) -> None:
        self.seed = seed
        self.path = path
        self.built: dict[str, nn.Module] = {}
        self._faults = faults

    def report(self, error: CompositionError) -> None:
        """Raise what is wrong, or collect it and go on."""
        if self._faults is None:
            raise error
        self._faults.append(error)

    def locate(self, name: str) -> str:
        """Return the dotted path of a submodule, e.g. ``multi_feature.combiner``."""
        return f"{self.path}.{name}"

    def build(self, name: str, factory: Callable[..., Any], *args: Any, **widths: Any) -> nn.Module:
        """Call the factory and check that it gave a module of the widths that were asked for.

        Args:
            name: Path below the composite, e.g. ``feature_extractors.kar``.
            factory: Injected factory, or an overriding one.
            *args: Passed on.
            **widths: Passed on. A width that the module publishes under the same name must be equal.

        Raises:
            CompositionError: The factory fails, or gives something that is no ``nn.Module``.
        """
        module = self._call(name, factory, *args, **widths)
        if not isinstance(module, nn.Module):
            raise CompositionError(
                f"{self.locate(name)} must be an nn.Module, but its provider gave {module!r}: "
                f"override it with a module, or with a factory of modules"
            )
        return module

    def build_optional(
        self, name: str, factory: Callable[..., Any], *args: Any, **widths: Any
    ) -> nn.Module | None:
        """Do the same, or return None where the factory gives None: there is no such submodule."""
        module = self._call(name, factory, *args, **widths)
        return None if module is None else self.build(name, lambda: module)

    def published_width(self, name: str, module: nn.Module, attribute: str = "out_features") -> int:
        """Return a width that a submodule publishes.

        Raises:
            CompositionError: It doesn't publish a whole number under this name.
        """
        width = getattr(module, attribute, None)
        if not isinstance(width, int):
            raise CompositionError(
                f"{self.locate(name)} ({type(module).__name__}) has no {attribute}: what comes behind it "
                f"is built from this width, so set self.{attribute} in its constructor"
            )
        return width

    def check_width(self, name: str, module: nn.Module, *, giver: str, given: int) -> None:
        """Check the input width of a submodule, if it publishes one as ``in_features``.

        Raises:
            WidthError: It takes another width than the giver gives.
        """
        taken = getattr(module, "in_features", given)
        if isinstance(taken, int) and taken != given:
            raise WidthError(giver=giver, given=given, taker=self.locate(name), taken=taken)

    def check_widths(self, name: str, module: nn.Module, *, given: Mapping[str, int]) -> None:
        """Check the input widths of a submodule with named inputs, if it publishes them.

        Raises:
            WidthError: An input has another width than its giver gives; paths name both.
        """
        taken = getattr(module, "in_features", given)
        if not isinstance(taken, Mapping):
            return
        for giver, width in given.items():
            if taken.get(giver, width) != width:
                raise WidthError(giver=giver, given=width, taker=self.locate(name), taken=taken[giver])

    def _call(self, name: str, factory: Callable[..., Any], *args: Any, **widths: Any) -> Any:
        path = self.locate(name)
        with seeded(self.seed, path):
            try:
                return factory(*args, **widths)
            except (TypeError, ValueError) as error:
                raise CompositionError(f"{path} can't be built: {error}") from error
