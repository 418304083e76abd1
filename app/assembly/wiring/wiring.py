"""One run of a wiring function: builds each part at its path, seeded by it, once."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self

from nested_lightning.app.assembly.assembler import Assembler, naming
from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.assembly.expected import ANYTHING, Expected
from nested_lightning.app.assembly.names import escape_name
from nested_lightning.app.assembly.wiring.arguments import bind, expected_parts
from nested_lightning.app.assembly.wiring.fitting import refuse_unfit
from nested_lightning.app.assembly.wiring.making import Place, make, observed
from nested_lightning.app.assembly.wiring.parts import Declaration
from nested_lightning.app.assembly.wiring.written_calls import written_call
from nested_lightning.app.errors import did_you_mean

MODEL = "model"
"""The parameter that takes the composite itself, whose path is that of the whole wiring."""

_running: ContextVar["Wiring | None"] = ContextVar("running wiring", default=None)
_seed: ContextVar[int | None] = ContextVar("seed of wirings", default=None)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Give each part that is wired within the block the initial weights of its path and ``seed``."""
    token = _seed.set(seed)
    try:
        yield
    finally:
        _seed.reset(token)


def running_assembler() -> Assembler | None:
    """Return what builds the parts of the wiring function whose body is running, or None."""
    wiring = _running.get()
    return None if wiring is None else wiring.assembler


class Wiring:
    """One run of a wiring function.

    Args:
        assembler: Builds its parts.
        within: Where they are below the composite, if the function builds a part of another one's.
    """

    def __init__(self, assembler: Assembler, *, within: str = "") -> None:
        self.assembler = assembler
        self._within = within
        self._called: set[str] = set()

    @classmethod
    def at(cls, path: str) -> Self:
        """Return one whose parts lie below ``path``, with the seed of the block; see `seeded`."""
        return cls(Assembler(path=path, seed=_seed.get()))

    def __call__(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call the function with its parts bound to their paths; a part is given as what builds it, or ready.

        Raises:
            CompositionError: An argument isn't taken, or a part can't be built.
        """
        given = bind(function, args, kwargs, path=self.assembler.locate(self._within))
        given.apply_defaults()
        parameters = inspect.signature(function).parameters
        for name, expected in expected_parts(function).items():
            default = parameters[name].default
            if isinstance(default, Declaration):
                given.arguments[name] = self._bound(name, given.arguments[name], default, expected)
        if MODEL in given.arguments:
            given.arguments[MODEL] = BoundPart(self, self._within, given.arguments[MODEL], is_whole=True)
        token = _running.set(self)
        try:
            path = self.assembler.locate(self._within)
            made = observed(function, given.args, given.kwargs, path)
        finally:
            _running.reset(token)
        for one in given.arguments.values():
            if isinstance(one, BoundParts):
                one.refuse_unused()
        return made

    @property
    def is_running(self) -> bool:
        """Whether the body of the function is being run, and no constructor within it."""
        return _running.get() is self

    def has_built(self, name: str) -> bool:
        """Return whether the one part of this name has been built."""
        return name in self._called

    def build(
        self, part: "BoundPart", args: Any, kwargs: Mapping[str, Any], *, offered: Mapping[str, Any]
    ) -> Any:
        """Build the one part at a path.

        Raises:
            CompositionError: It was built before, can't be built, or publishes another width than it got.
        """
        path = part.path
        if part.name in self._called:
            raise CompositionError(
                f"{path} was built before in this wiring ({written_call().place}): use what the first"
                " call returned in both places, or declare it with parts(…), and build one for each name",
                path=path,
            )
        self._called.add(part.name)
        for one in (*args, *kwargs.values()):
            if isinstance(one, BoundPart):
                self.assembler.factories.add(one.name)
        token = _running.set(None)
        try:
            instance = part.build(args, kwargs, self.assembler, offered=offered)
        finally:
            _running.reset(token)
        refuse_unfit(instance, kwargs, path=path, assembler=self.assembler)
        return instance

    def _bound(
        self, name: str, value: Any, declaration: Declaration, expected: Expected
    ) -> "BoundPart | BoundParts":
        place = f"{self._within}.{name}" if self._within else name
        if isinstance(value, Declaration) and not value.kinds:
            path = self.assembler.locate(place)
            raise CompositionError(f"{path}: give what builds it, since it names no kinds", path=path)
        chosen = declaration.kind() if isinstance(value, Declaration) else value
        if declaration.is_plural:
            items = chosen if isinstance(chosen, Mapping) else {}
            default = declaration.kind() if items is chosen else chosen
            return BoundParts(self, declaration.at or f"{place}.{{}}", items, default, expected)
        return BoundPart(self, place, chosen, expected)


class BoundPart:
    """A part at its path: called in the body of its wiring, it builds the one there; elsewhere a factory.

    Args:
        wiring: The run that it belongs to.
        name: Its path below the composite.
        maker: What builds it, or a ready module; None: there is no such part.
        expected: What has to come of it.
        is_whole: Whether it is the composite itself.
    """

    def __init__(
        self, wiring: Wiring, name: str, maker: Any, expected: Expected = ANYTHING, *, is_whole: bool = False
    ) -> None:
        self.name = name
        self.path = wiring.assembler.locate(name)
        self.maker = maker
        self._wiring, self._expected, self._is_whole = wiring, expected, is_whole

    @property
    def is_built(self) -> bool:
        """Whether it was called in the body of its wiring; else it is a factory."""
        return self._wiring.has_built(self.name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Build the part; a factory draws from the random numbers of what calls it."""
        return self.call(args, kwargs, offered={})

    def call(self, args: Any, kwargs: Mapping[str, Any], *, offered: Mapping[str, Any]) -> Any:
        """Build the part from its arguments, and from those offered that it takes."""
        if self.maker is None:
            return None
        if self._wiring.is_running:
            return self._wiring.build(self, args, kwargs, offered=offered)
        with naming(self.path):
            return make(self.maker, args, kwargs, Place(self.path, expected=self._expected, offered=offered))

    def __deepcopy__(self, memo: dict[int, Any]) -> "BoundPart":
        """Return itself: a copy of a composite has the same factories, and no container of its own."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle it as a factory, which it is after its wiring."""
        return _factory, (self._wiring.assembler.path, self.name, self.maker, self._expected)

    def build(
        self, args: Any, kwargs: Mapping[str, Any], assembler: Assembler, *, offered: Mapping[str, Any]
    ) -> Any:
        """Build the one part at this path."""
        place = Place(self.path, self.name, assembler, self._expected, offered)

        def call(**given: Any) -> Any:
            return make(self.maker, args, given, place)

        if self._is_whole:
            with assembler.seeding(self.path), naming(self.path, kwargs):
                return call(**kwargs)
        return assembler.build(
            self.name,
            call,
            kwargs,
            is_module=self._expected.is_module,
            is_optional=self._expected.is_optional,
        )


def _factory(root: str, name: str, maker: Any, expected: Expected) -> BoundPart:
    return BoundPart(Wiring(Assembler(path=root)), name, maker, expected)


class BoundParts(Mapping[str, BoundPart]):
    """Parts by name at their paths, which are ``place`` with their name for ``{}``.

    ``items`` build those that have names of their own in the settings, ``default`` any other.
    """

    def __init__(
        self, wiring: Wiring, place: str, items: Mapping[str, Any], default: Any, expected: Expected
    ) -> None:
        self._wiring, self._place = wiring, place
        self._items, self._default, self._expected = items, default, expected
        self._asked: dict[str, None] = {}

    @property
    def asked(self) -> tuple[str, ...]:
        """The names that the wiring function asked for."""
        return tuple(self._asked)

    def refuse_unused(self) -> None:
        """Refuse names that were given and that the wiring function didn't ask for."""
        assembler = self._wiring.assembler
        for name in (one for one in self._items if one not in self._asked):
            path = assembler.locate(self._place.format(name))
            if not assembler.has_fault(path):
                asked = f"it builds: {', '.join(self._asked) or 'none'}"
                near = did_you_mean(name, self._asked)
                message = f"{path}: the wiring builds no part of this name{near} ({asked})"
                assembler.report(CompositionError(message, path=path))

    def __getitem__(self, name: str) -> BoundPart:
        """Return what builds the part ``name``."""
        self._asked[name] = None
        maker = self._items.get(name, self._default)
        return BoundPart(self._wiring, self._place.format(escape_name(name)), maker, self._expected)

    def __iter__(self) -> Iterator[str]:
        """Return the names that were given."""
        return iter(self._items)

    def __len__(self) -> int:
        """Return how many names were given."""
        return len(self._items)
