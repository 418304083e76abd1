"""The imports of generated Python: names of classes and functions, and the import lines."""

import sys
from collections.abc import Iterator
from typing import Any

from nested_lightning.app.assembly.expected import described
from nested_lightning.app.checking.drawing.python_layout import COLUMNS, Bracketed, lay_out
from nested_lightning.app.errors import UserError
from nested_lightning.containers.overrides.recording import import_path


class Imports:
    """The names under which generated code imports things; each name stands for one thing.

    Other things in the text have the ``reserved`` ones.
    """

    def __init__(self) -> None:
        self.names: dict[str, tuple[str, str]] = {}
        self.reserved: set[str] = set()

    def name_of(self, named: Any, at: str) -> str:
        """Return the name by which a class or function is imported.

        Raises:
            UserError: It isn't found by its name; ``at`` says where it stands.
        """
        if (path := import_path(named)) is None:
            raise UserError(
                f"{at}: {described(named)} can't be imported by its name, and so not be written as Python;"
                " define it at the top of a module"
            )
        module, _, name = path.partition(":")
        if module == "builtins":
            return name
        first, *rest = name.split(".")
        return ".".join([self.add(_shortest_module(module, first), first), *rest])

    def add(self, module: str, name: str) -> str:
        """Return the name for an import: a new one where its own is taken."""
        known = (one for one, place in self.names.items() if place == (module, name))
        if (found := next(known, None)) is not None:
            return found
        alias = name
        while alias in self.names or alias in self.reserved:
            alias += "_"
        self.names[alias] = (module, name)
        return alias

    def lines(self) -> Iterator[str]:
        """Yield the lines: those of the standard library, torch, and the others."""
        by_module: dict[str, list[str]] = {}
        for alias, (module, name) in sorted(self.names.items()):
            by_module.setdefault(module, []).append(name if alias == name else f"{name} as {alias}")
        lines = {
            module: lay_out(Bracketed("(", [("", one) for one in names], ")"), indent=0, before=80)
            if len(f"from {module} import {', '.join(names)}") > COLUMNS
            else ", ".join(names)
            for module, names in sorted(by_module.items())
        }
        others = [module for module in lines if module not in sys.stdlib_module_names]
        yield from (
            f"from {module} import {names}" for module, names in lines.items() if module not in others
        )
        yield "\nimport torch"
        yield from (f"from {module} import {lines[module]}" for module in others)


def _shortest_module(module: str, name: str) -> str:
    """Return the shortest package that has the same under the same name, e.g. ``torch.nn`` for a layer."""
    found = getattr(sys.modules[module], name)
    names = module.split(".")
    packages = (".".join(names[:length]) for length in range(1, len(names) + 1))
    return next(one for one in packages if getattr(sys.modules.get(one), name, None) is found)
