"""A model as plain Python: the calls that build it, in order, each from the seed of its path."""

import dataclasses
import inspect
import keyword
import re
import sys
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from dependency_injector import providers
from torch import nn

from nested_lightning.app.assembly.expected import described
from nested_lightning.app.assembly.seeding import derive_seed
from nested_lightning.app.assembly.wiring.arguments import declared_parts
from nested_lightning.app.assembly.wiring.wiring import BoundPart, BoundParts
from nested_lightning.app.checking.drawing.python_layout import Bracketed, Node, Text, lay_out, quoted
from nested_lightning.app.checkpoints.recipe import Recipe
from nested_lightning.app.errors import UserError
from nested_lightning.app.own.data_facts import DataFacts, values_of
from nested_lightning.app.random_numbers import hashed
from nested_lightning.containers.application import ApplicationContainer
from nested_lightning.containers.checking.constructions import Construction, Constructions, called_by
from nested_lightning.containers.checking.python_imports import Imports
from nested_lightning.containers.overrides.model_provider import OverriddenModel
from nested_lightning.containers.providing.declared import without_overriding
from nested_lightning.containers.starting.bootstrapping import family_container

_SEEDED = '''

@contextmanager
def seeded(seed):
    """Draw initial weights from a seed, and put torch's state back."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
'''

_READY = '''
def ready(made):
    """Return a factory of what is there already."""
    return lambda *_, **__: made
'''


_HOLDERS = (nn.ModuleDict, nn.ModuleList, nn.Sequential)
"""What a wiring function may put parts into without being declared as one."""


def model_as_python(application: ApplicationContainer) -> str:
    """Return a module of Python with ``build()``, which gives the model that the container builds.

    Initial weights are the same bit for bit. No container, settings or recipe are needed; checkpoints of
    what it gives hold weights alone.

    Raises:
        UserError: Something is no call of a class or function that can be imported; names its path.
    """
    family, settings = family_container(application), application.settings()
    provider = family.providers["model"]
    is_checked = isinstance(provider.last_overriding, OverriddenModel)
    record = Constructions()
    family.data_spec()
    with record.watching(family):
        model = (without_overriding(provider) if is_checked else provider)()
        text = _ModelText(record, root=settings.family.section, seed=settings.seed)
        return text.module(model, title=settings.model)


class _ModelText:
    def __init__(self, record: Constructions, *, root: str, seed: int) -> None:
        self._record, self._root, self._seed = record, root, seed
        self._imports = Imports()
        self._variables: dict[int, str] = {}
        self._calls: dict[int, Node] = {}
        self._uses_ready = False

    def module(self, model: Any, *, title: str) -> str:
        """Return the whole text."""
        self._imports.add("contextlib", "contextmanager")
        result = self._node(model, self._root)
        body = [*self._body()]
        lines = [f'"""The model {title}, as plain Python: build() gives it with its initial weights."""\n']
        lines += [*self._imports.lines(), _SEEDED, *([_READY] if self._uses_ready else [])]
        lines += ["\ndef build():", '    """Return the model."""', *body, f"    return {result}"]
        return "\n".join(lines) + "\n"

    def _body(self) -> Iterator[str]:
        """Yield the calls; those of one place draw from one seed, where the last of them was made."""
        used = [one for one in self._record if id(one.made) in self._calls]
        last = {one.path: one for one in used}
        for one in used:
            if not one.path:
                yield self._assignment(one, indent=4)
            elif last[one.path] is one:
                yield f"    with seeded({self._seed_of(one)}):  # {one.path}"
                for each in (each for each in used if each.path == one.path):
                    yield self._assignment(each, indent=8)

    def _assignment(self, one: Construction, *, indent: int) -> str:
        left = f"{' ' * indent}{self._variables[id(one.made)]} = "
        return left + lay_out(self._calls[id(one.made)], indent=indent, before=len(left), after=0)

    def _seed_of(self, one: Construction) -> int:
        is_outside_parts = one.path == self._root and declared_parts(inspect.unwrap(one.called))
        return hashed(self._seed) if is_outside_parts else derive_seed(self._seed, one.path)

    def _node(self, value: Any, at: str) -> Node:
        """Return a value as an expression; ``at`` names it where that can't be done."""
        if isinstance(value, Enum):
            return f"{self._imports.name_of(type(value), at)}.{value.name}"
        if value is None or isinstance(value, bool | bytes):
            return repr(value)
        if isinstance(value, int):
            return repr(int(value))
        if isinstance(value, float):
            return repr(float(value)) if abs(value) < float("inf") else f"float({quoted(str(value))})"
        if isinstance(value, str):
            return Text(str(value))
        if isinstance(value, Mapping | list | tuple | set | frozenset) and not isinstance(value, BoundParts):
            return self._collection(value, at)
        return self._object(value, at)

    def _collection(self, value: Any, at: str) -> Node:
        if isinstance(value, Mapping):
            pairs = [
                (f"{self._flat(key, at)}: ", self._node(one, f"{at}.{key}")) for key, one in value.items()
            ]
            return Bracketed("{", pairs, "}")
        if isinstance(value, set | frozenset):
            items = [("", self._node(one, at)) for one in sorted(value)]
            return Bracketed(f"{type(value).__name__}([", items, "])")
        is_tuple = isinstance(value, tuple)
        if is_tuple and type(value) is not tuple:  # one with names
            return self._call(type(value), value, {}, at)
        items = [("", self._node(one, at)) for one in value]
        return Bracketed("(" if is_tuple else "[", items, ")" if is_tuple else "]")

    def _flat(self, value: Any, at: str) -> str:
        return lay_out(self._node(value, at), indent=0, before=0, after=-sys.maxsize)

    def _object(self, value: Any, at: str) -> Node:
        if inspect.isclass(value) or inspect.isroutine(value):
            return self._imports.name_of(value, at)
        if (made := self._record.find(value)) is not None and not isinstance(value, partial):
            return self._variable(made, at)
        if type(value) in _HOLDERS:
            named = dict(value.named_children())
            held = named if isinstance(value, nn.ModuleDict) else [*named.values()]
            name = self._imports.name_of(type(value), at)
            if isinstance(value, nn.Sequential):
                return Bracketed(f"{name}(", [("", self._node(one, at)) for one in held], ")")
            return Bracketed(f"{name}(", [("", self._node(held, at))], ")")
        if isinstance(value, BoundPart | providers.Provider):
            return self._factory(value, at)
        if isinstance(value, BoundParts):
            return Bracketed(
                "{", [(f"{quoted(name)}: ", self._node(value[name], at)) for name in value.asked], "}"
            )
        if isinstance(value, partial):
            return self._partial(value.func, value.args, value.keywords, at)
        if isinstance(value, torch.dtype | torch.device):
            return repr(value) if isinstance(value, torch.dtype) else f"torch.device({quoted(str(value))})"
        if isinstance(value, torch.Tensor) and not isinstance(value, nn.Parameter):
            items = [("", self._node(value.tolist(), at)), ("dtype=", repr(value.dtype))]
            return Bracketed("torch.tensor(", items, ")")
        if isinstance(value, Path):
            return Bracketed(f"{self._imports.add('pathlib', 'Path')}(", [("", Text(str(value)))], ")")
        if isinstance(value, DataFacts):
            return self._call(SimpleNamespace, (), values_of(value), at)
        if dataclasses.is_dataclass(value):
            fields = {one.name: getattr(value, one.name) for one in dataclasses.fields(value) if one.init}
            return self._call(type(value), (), fields, at)
        raise UserError(
            f"{at}: {described(value)} can't be written as Python; give a class or a function in its place"
        )

    def _variable(self, made: Construction, at: str) -> str:
        """Return the variable of an object, which is assigned what its call gives."""
        key = id(made.made)
        if key not in self._variables:
            at = made.path or at
            self._variables[key] = ""
            call = self._call(made.called, made.args, made.kwargs, at)
            self._variables[key] = self._new_name(made)
            self._imports.reserved.add(self._variables[key])
            self._calls[key] = call
        return self._variables[key]

    def _new_name(self, made: Construction) -> str:
        below = made.path.removeprefix(self._root).strip(".") or ("" if not made.path else "model")
        words = below or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(made.made).__name__).lower()
        name = re.sub(r"\W", "_", words)
        name = f"{name}_" if keyword.iskeyword(name) or not name.isidentifier() else name
        name = name if name.isidentifier() else f"part_{name}"
        taken = {*self._variables.values(), *self._imports.names, "seeded", "ready", "build", "torch"}
        while name in taken:
            name += "_"
        return name

    def _factory(self, value: Any, at: str) -> Node:
        at = value.path if isinstance(value, BoundPart) else at
        if isinstance(value, BoundPart) and value.is_built:
            built = self._record.at(value.path)
            return self._ready(None if built is None else built.made, at)
        found = called_by(value)
        if found is None or found.called is None:
            return self._ready(None if found is None else found.made, at)
        return self._partial(found.called, found.args, found.kwargs, at)

    def _ready(self, made: Any, at: str) -> Node:
        self._uses_ready = True
        return Bracketed("ready(", [("", self._node(made, at))], ")")

    def _partial(self, called: Any, args: Any, kwargs: Mapping[str, Any], at: str) -> Node:
        if not args and not kwargs:
            return self._node(called, at)
        items = [("", self._node(called, at)), *self._arguments(args, kwargs, at)]
        return Bracketed(f"{self._imports.add('functools', 'partial')}(", items, ")")

    def _call(self, called: Any, args: Any, kwargs: Mapping[str, Any], at: str) -> Node:
        return Bracketed(f"{self._imports.name_of(called, at)}(", [*self._arguments(args, kwargs, at)], ")")

    def _arguments(self, args: Any, kwargs: Mapping[str, Any], at: str) -> Iterator[tuple[str, Node]]:
        for one in args:
            yield "", self._node(one, at)
        for name, one in kwargs.items():
            if not isinstance(one, Recipe):
                yield f"{name}=", self._node(one, f"{at}.{name}")
