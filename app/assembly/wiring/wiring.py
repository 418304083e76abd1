"""One run of a wiring function: builds each part at its path, seeded by it, once."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Any

from nested_lightning.app.assembly.assembler import Assembler, naming
from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.assembly.expected import ANYTHING, Expected
from nested_lightning.app.assembly.names import escape_name
from nested_lightning.app.assembly.wiring.arguments import Declared, bind, declared_parts
from nested_lightning.app.assembly.wiring.fitting import refuse_unfit
from nested_lightning.app.assembly.wiring.making import Place, having, make, observed
from nested_lightning.app.assembly.wiring.parts import Declaration
from nested_lightning.app.assembly.wiring.written_calls import written_call
from nested_lightning.app.errors import did_you_mean

MODEL = "model"
"""The parameter that takes the composite itself, whose path is that of the whole wiring."""

_running: ContextVar["Wiring | None"] = ContextVar("running wiring", default=None)


def running_assembler() -> Assembler:
    """Return what builds the parts of the wiring function whose body is running; elsewhere a new one."""
    wiring = _running.get()
    return Assembler(path="") if wiring is None else wiring.assembler


class Wiring:
    """One run of a wiring function.

    Args:
        assembler: Builds its parts.
        within: Where they are below the composite, if the function builds a part of another one's.

    Attributes:
        built: Names of the parts that were built, each of which is called once.
    """

    def __init__(self, assembler: Assembler, *, within: str = "") -> None:
        self.assembler = assembler
        self._within = within
        self.built: set[str] = set()

    def __call__(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call the function with its parts bound to their paths; a part is given as what builds it, or ready.

        Raises:
            CompositionError: An argument isn't taken, or a part can't be built.
        """
        path = self.assembler.locate(self._within)
        given = bind(function, args, kwargs, path=path)
        given.apply_defaults()
        for name, declared in declared_parts(function).items():
            given.arguments[name] = self._bound(name, given.arguments[name], declared)
        if MODEL in given.arguments:
            given.arguments[MODEL] = BoundPart(self, self._within, given.arguments[MODEL], is_whole=True)
        with having(_running, self):
            made = observed(function, given.args, given.kwargs, path)
        for one in given.arguments.values():
            if isinstance(one, BoundParts):
                one.refuse_unused()
        return made

    @property
    def is_running(self) -> bool:
        """Whether the body of the function is being run, and no constructor within it."""
        return _running.get() is self

    def building(self, part: "BoundPart") -> AbstractContextManager[None]:
        """Let the one part at its path be built within the block, where any other is a factory.

        Raises:
            CompositionError: It was built before.
        """
        if part.name in self.built:
            raise CompositionError(
                f"{part.path} was built before in this wiring ({written_call().place}): use what the first"
                " call returned in both places, or declare it with parts(…), and build one for each name",
                path=part.path,
            )
        self.built.add(part.name)
        return having(_running, None)

    def _bound(self, name: str, value: Any, declared: Declared) -> "BoundPart | BoundParts":
        declaration, expected = declared
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
        return self.name in self._wiring.built

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Build the part; a factory draws from the random numbers of what calls it."""
        return self.call(args, kwargs, offered={})

    def call(self, args: Any, kwargs: Mapping[str, Any], *, offered: Mapping[str, Any]) -> Any:
        """Build the part from its arguments, and from those offered that it takes."""
        if self.maker is None:
            return None
        if self._wiring.is_running:
            return self._build(args, kwargs, offered)
        with naming(self.path):
            return make(self.maker, args, kwargs, Place(self.path, expected=self._expected, offered=offered))

    def __deepcopy__(self, memo: dict[int, Any]) -> "BoundPart":
        """Return itself: a copy of a composite has the same factories, and no container of its own."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle it as a factory, which it is after its wiring."""
        return _factory, (self._wiring.assembler.path, self.name, self.maker, self._expected)

    def _build(self, args: Any, kwargs: Mapping[str, Any], offered: Mapping[str, Any]) -> Any:
        """Build the one part at this path, and compare the widths that it publishes with those given."""
        assembler, expected = self._wiring.assembler, self._expected
        place = Place(self.path, self.name, assembler, expected, offered)

        def call(**given: Any) -> Any:
            return make(self.maker, args, given, place)

        with self._wiring.building(self):
            for one in (*args, *kwargs.values()):
                if isinstance(one, BoundPart):
                    assembler.factories.add(one.name)
            if self._is_whole:
                with assembler.seeding(self.path), naming(self.path, kwargs):
                    made = call(**kwargs)
            else:
                made = assembler.build(
                    self.name,
                    call,
                    kwargs,
                    is_module=expected.is_module,
                    is_optional=expected.is_optional,
                )
        refuse_unfit(made, kwargs, path=self.path, assembler=assembler)
        return made


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
        try:
            maker = self._items[name]
        except KeyError:
            maker = self._default
        return BoundPart(self._wiring, self._place.format(escape_name(name)), maker, self._expected)

    def __iter__(self) -> Iterator[str]:
        """Return the names that were given."""
        return iter(self._items)

    def __len__(self) -> int:
        """Return how many names were given."""
        return len(self._items)
