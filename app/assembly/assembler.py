"""Builds the parts of one composite at their paths: seeded, named, their faults raised or collected."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import MappingProxyType
from typing import Any

from torch import nn

from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.assembly.seeding import seeded
from nested_lightning.app.assembly.widths import StandIn, Width, plain, widths_and_modules
from nested_lightning.app.errors import UserError
from nested_lightning.app.training.adapters import Lora


class Assembler:
    """Builds parts at dotted paths below one composite.

    Args:
        path: Path of the composite, e.g. ``multi_feature``; empty: its parts are at the top.
        seed: Seed of the whole application, each part draws from a seed of its own path; None: from torch's
            random numbers as they are.
        faults: Where everything that is wrong is collected, while something else stands for what can't be
            built; None: the first fault is raised.
        prepare: Called with each submodule that was built, gives what takes its place; None: nothing does.
        adapters: What the adapters of submodules are like, by path; see `app.assembly.wiring.adapting`.

    Attributes:
        built: Submodules by their paths below the composite, in the order in which they were built.
        asked_widths: The ``out_features`` that some of them were asked for, by the same paths.
        factories: Paths of parts that others have uncalled, and may call at any time.
        unchecked: What may be right or wrong, by its path: it depends on parts at these paths, which have
            faults.
    """

    def __init__(
        self,
        *,
        path: str,
        seed: int | None = None,
        faults: list[CompositionError] | None = None,
        prepare: Callable[[nn.Module], nn.Module] | None = None,
        adapters: Mapping[str, Lora] = MappingProxyType({}),
    ) -> None:
        self.path = path
        self.adapters = adapters
        self.seed = seed
        self.built: dict[str, nn.Module] = {}
        self.asked_widths: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self.factories: set[str] = set()
        self._faults = faults
        self._prepare = prepare
        self.unchecked: dict[str, tuple[str, ...]] = {}
        self._faulty_behind: dict[str, tuple[str, ...]] = {}
        self._handed_on: dict[int, nn.Module] = {}

    @property
    def is_collecting_faults(self) -> bool:
        """Whether faults are collected; else the first one is raised."""
        return self._faults is not None

    def report(self, error: CompositionError) -> None:
        """Raise what is wrong, or collect it and go on."""
        if self._faults is None:
            raise error
        self._faults.append(error)

    def has_fault(self, path: str) -> bool:
        """Return whether something at this path was collected."""
        return any(error.path == path for error in self._faults or ())

    def replace(self, replaced: Mapping[int, nn.Module]) -> None:
        """Take note of modules that replace built ones, by the ids of the latter."""
        self.built = {name: replaced.get(id(module), module) for name, module in self.built.items()}
        self._names |= {id(replaced[key]): name for key, name in self._names.items() if key in replaced}

    def locate(self, name: str) -> str:
        """Return the dotted path of a part, e.g. ``multi_feature.combiner``; for "" the composite's."""
        return f"{self.path}.{name}" if self.path and name else self.path or name

    def find(self, module: object) -> str | None:
        """Return where a part was built, below the composite; None: it wasn't built here."""
        return self._names.get(id(module))

    def is_handed_on(self, part: object) -> bool:
        """Return whether another part was built from this one, and so has to hold it."""
        return id(part) in self._handed_on

    def is_guessed(self, path: str) -> bool:
        """Return whether a part couldn't be built, or was built from such a part."""
        return path in self._faulty_behind

    def is_consequence(self, path: str, given: Iterable[Any]) -> bool:
        """Return whether a fault at a path may be caused by faulty parts from which its arguments come.

        It is then unchecked.
        """
        if faulty := self._find_faulty(given):
            self.unchecked[path] = faulty
        return bool(faulty)

    def seeding(self, path: str) -> AbstractContextManager[None]:
        """Draw initial weights from the seed of a part's path, and put torch's state back afterwards."""
        return nullcontext() if self.seed is None else seeded(self.seed, path)

    def build(
        self,
        name: str,
        make: Callable[..., Any],
        given: Mapping[str, Any],
        *,
        is_module: bool = True,
        is_optional: bool = False,
    ) -> Any:
        """Call what makes a part, and keep it if it is a module.

        Args:
            name: Path below the composite, e.g. ``feature_extractors.kar``.
            make: Called with what is given; a `Width` becomes a mere number.
            given: Keywords.
            is_module: Whether what is made has to be a module.
            is_optional: Whether it may be None: there is no such part.

        Raises:
            CompositionError: It fails, or makes something that is no ``nn.Module``.
        """
        for one in given.values():
            if isinstance(one, nn.Module):
                self._handed_on[id(one)] = one
        path = self.locate(name)
        try:
            with self.seeding(path):
                made = make(**{key: plain(value) for key, value in given.items()})
        except Exception as error:
            named = with_path(error, path, given)
            if not self._can_go_on(path, named, given):
                raise named  # noqa: B904 - it is the error itself, or has it as its cause
            made = self._stand_in(path, given)
        if made is None and is_optional:
            return None
        if isinstance(made, nn.Module) or is_module:
            return self._keep(name, path, made, given)
        return made

    def _can_go_on(self, path: str, error: UserError, given: Mapping[str, Any]) -> bool:
        if not self.is_collecting_faults:
            return False
        if not is_certain(error) and self.is_consequence(path, given.values()):
            return True
        if not isinstance(error, CompositionError):
            error = CompositionError(str(error), path=path, cause=error)
        self.report(error)
        return True

    def _stand_in(self, path: str, given: Mapping[str, Any]) -> StandIn:
        self._faulty_behind[path] = self.unchecked.get(path, (path,))
        return StandIn(path, **given)

    def _find_faulty(self, given: Iterable[Any]) -> tuple[str, ...]:
        if not self._faults:
            return ()
        behind = (self._faulty_behind_one(one) for value in given for one in widths_and_modules(value))
        return tuple(dict.fromkeys(path for paths in behind for path in paths))

    def _faulty_behind_one(self, one: Width | nn.Module) -> tuple[str, ...]:
        if isinstance(one, Width):
            return self._faulty_behind.get(one.giver, (one.giver,)) if one.is_guessed else ()
        return self._faulty_behind.get(self.locate(self.find(one) or ""), ())

    def _keep(self, name: str, path: str, module: Any, given: Mapping[str, Any]) -> nn.Module:
        if not isinstance(module, nn.Module):
            self.report(
                CompositionError(
                    f"{path} must be an nn.Module, but its provider gave {module!r}: "
                    "override it with a module, or with a factory of modules",
                    path=path,
                )
            )
            module = self._stand_in(path, given)
        if self._prepare is not None:
            module = self._prepare(module)
        self.built[name] = module
        self._names.setdefault(id(module), name)
        if isinstance(asked := given.get("out_features"), int):
            self.asked_widths[name] = int(asked)
        if faulty := self._find_faulty(given.values()):
            self._faulty_behind.setdefault(path, faulty)
        return module


def is_certain(error: Exception) -> bool:
    """Return whether an error has been identified as the user's mistake, whatever the part was given."""
    cause = error.__cause__ if isinstance(error, CompositionError) else None
    return isinstance(error, UserError) and isinstance(cause, UserError | None)


@contextmanager
def naming(path: str, given: Mapping[str, Any] = MappingProxyType({})) -> Iterator[None]:
    """Name the part's path in errors that are raised while it is made.

    Raises:
        CompositionError: It doesn't take what it is given, fails of it, or there isn't enough memory.
    """
    try:
        yield
    except Exception as error:
        raise with_path(error, path, given)  # noqa: B904 - it is the error itself, or has it as its cause


def with_path(error: Exception, path: str, given: Mapping[str, Any]) -> UserError:
    """Return an error that names a part's path; a `UserError` says itself where it is."""
    if isinstance(error, UserError):
        return error
    if _is_too_large(error):
        reason = "there isn't enough memory for it; take smaller widths"
    else:
        said = str(error).partition("\nException raised from")[0]  # frames of C++
        is_said = said and isinstance(error, TypeError | ValueError | AssertionError | RuntimeError)
        reason = said if is_said else f"{type(error).__name__}: {said}"
    given_width = given.get("in_features")
    return CompositionError(f"{path} can't be built: {reason}", path=path, cause=error, given=given_width)


def _is_too_large(error: Exception) -> bool:
    """Return whether torch couldn't allocate the memory, or even count it."""
    words = ("allocate memory", "out of memory", "overflow")
    is_in_words = isinstance(error, RuntimeError) and any(word in str(error) for word in words)
    return is_in_words or isinstance(error, MemoryError)
