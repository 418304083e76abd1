"""The descriptor of a family of one's own."""

import sys
from typing import Any

from nested_lightning.app.assembly.expected import described
from nested_lightning.app.errors import UserError
from nested_lightning.settings.families import families, given_families
from nested_lightning.settings.family import Family


def family_of(given: Any) -> Family:
    """Return the descriptor of a function that `family` made a family; a descriptor is its own.

    Raises:
        UserError: It isn't one.
    """
    found = given if isinstance(given, Family) else getattr(given, "family", None)
    if not isinstance(found, Family):
        raise UserError(
            f"{described(given)} is no family: decorate the wiring function with @family('NAME'), or write"
            " family('NAME', model=…, data=…) where nothing is injected"
        )
    return found


def families_of(function: Any) -> tuple[Family, ...]:
    """Return the same of what is given as ``family=`` in Python, where anything is.

    Raises:
        UserError: It isn't one.
    """
    return () if function is None else (family_of(function),)


def python_name(family: Family) -> str:
    """Return the name of what is given as ``family=`` in Python; empty: none is needed."""
    registered = families().keys() - {one.name for one in given_families()}
    if family.origin is None or family.name in registered:
        return ""
    named = family.origin[1]
    if isinstance(named, str):
        return named.rpartition(":")[2]
    modules = (sys.modules[one.__module__] for one in family.defined_by)
    items = (item for module in modules for item in vars(module).items())
    return next((name for name, it in items if getattr(it, "family", None) is family), "FAMILY")
