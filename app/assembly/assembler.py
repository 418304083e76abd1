"""Builds the submodules of one composite from injected factories: seeded, checked, named."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from nested_lightning.app.assembly.errors import CompositionError, WidthError
from nested_lightning.app.assembly.seeding import seeded
from nested_lightning.app.assembly.stand_in import StandIn, UnknownWidth, is_guessed
from nested_lightning.app.errors import UserError


class Assembler:
    """Builds submodules at dotted paths below one composite.

    Args:
        seed: Seed of the whole application; each submodule draws from a seed of its own path.
        path: Path of the composite, e.g. ``multi_feature``.
        faults: Where everything that is wrong is collected, while something else stands for what can't be
            built; None: the first fault is raised.
        prepare: Called with each submodule that was built, gives what takes its place; None: nothing does.

    Attributes:
        built: Submodules by their paths below the composite, in the order in which they were built.
        asked_widths: The ``out_features`` that some of them were asked for, by the same paths.
    """

    def __init__(
        self,
        *,
        seed: int,
        path: str,
        faults: list[CompositionError] | None = None,
        prepare: Callable[[nn.Module], nn.Module] | None = None,
    ) -> None:
        self.seed = seed
        self.path = path
        self.built: dict[str, nn.Module] = {}
        self.asked_widths: dict[str, int] = {}
        self._faults = faults
        self._prepare = prepare
        self._built_from_guesses: set[str] = set()

    @property
    def is_collecting_faults(self) -> bool:
        """Whether faults are collected; else the first one is raised."""
        return self._faults is not None

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
        return self._keep(name, self._call(name, factory, *args, **widths), widths)

    def build_optional(
        self, name: str, factory: Callable[..., Any], *args: Any, **widths: Any
    ) -> nn.Module | None:
        """Do the same, or return None where the factory gives None: there is no such submodule."""
        module = self._call(name, factory, *args, **widths)
        return None if module is None else self._keep(name, module, widths)

    def published_width(self, name: str, module: nn.Module, attribute: str = "out_features") -> int:
        """Return a width that a submodule publishes.

        Raises:
            CompositionError: It doesn't publish a whole number under this name.
        """
        width = getattr(module, attribute, None)
        if isinstance(width, int):
            return UnknownWidth(width) if name in self._built_from_guesses else width
        if not isinstance(module, StandIn):
            self.report(
                CompositionError(
                    f"{self.locate(name)} ({type(module).__name__}) has no {attribute}: what comes after it "
                    f"is built from this width, so set self.{attribute} in its constructor",
                    path=self.locate(name),
                )
            )
        return UnknownWidth(1)

    def check_width(self, name: str, module: nn.Module, *, giver: str, given: int) -> None:
        """Check the input width of a submodule, if it publishes one as ``in_features``.

        Raises:
            WidthError: It takes another width than the giver gives.
        """
        self._compare(name, giver, given, getattr(module, "in_features", given))

    def check_widths(self, name: str, module: nn.Module, *, given: Mapping[str, int], givers: str) -> None:
        """Check the input widths of a submodule with named inputs, if it publishes them.

        Args:
            name: Path below the composite.
            module: The submodule.
            given: Width of each input by name.
            givers: Path below the composite of the submodules, by the same names, that give them.

        Raises:
            WidthError: An input has another width than its giver gives; paths name both.
        """
        taken = getattr(module, "in_features", given)
        if isinstance(taken, Mapping):
            for item, width in given.items():
                self._compare(name, self.locate(f"{givers}.{item}"), width, taken.get(item, width))

    def _compare(self, name: str, giver: str, given: int, taken: Any) -> None:
        if isinstance(taken, int) and taken != given and not is_guessed(given):
            self.report(WidthError(giver=giver, given=given, taker=self.locate(name), taken=taken))

    def _call(self, name: str, factory: Callable[..., Any], *args: Any, **widths: Any) -> Any:
        path = self.locate(name)
        with seeded(self.seed, path):
            try:
                return factory(*args, **widths)
            except UserError as error:
                if not self.is_collecting_faults:
                    raise
                self.report(CompositionError(str(error), path=path, cause=error))
                return StandIn(**widths)
            except (TypeError, ValueError) as error:
                if not any(map(is_guessed, widths.values())):
                    given = widths.get("in_features")
                    reason = str(error).partition("\nException raised from")[0]  # frames of C++
                    message = f"{path} can't be built: {reason}"
                    self.report(CompositionError(message, path=path, cause=error, given=given))
                return StandIn(**widths)
            except (MemoryError, RuntimeError) as error:
                if not _is_too_large(error):
                    raise
                message = f"{path} can't be built: there isn't enough memory for it; take smaller widths"
                self.report(CompositionError(message, path=path, cause=error))
                return StandIn(**widths)

    def _keep(self, name: str, module: Any, widths: Mapping[str, Any]) -> nn.Module:
        if not isinstance(module, nn.Module):
            self.report(
                CompositionError(
                    f"{self.locate(name)} must be an nn.Module, but its provider gave {module!r}: "
                    "override it with a module, or with a factory of modules",
                    path=self.locate(name),
                )
            )
            module = StandIn(**widths)
        if self._prepare is not None:
            module = self._prepare(module)
        self.built[name] = module
        if isinstance(asked := widths.get("out_features"), int):
            self.asked_widths[name] = asked
        if any(map(is_guessed, widths.values())):
            self._built_from_guesses.add(name)
        return module


def _is_too_large(error: BaseException) -> bool:
    """Return whether torch couldn't get the memory, or couldn't even count it."""
    words = ("allocate memory", "out of memory", "overflow")
    return isinstance(error, MemoryError) or any(word in str(error) for word in words)
