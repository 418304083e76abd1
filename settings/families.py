"""Families by name; this project's own and those of plug-ins are registered in the same way."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from functools import cache
from typing import Any

from nested_lightning.settings.describing.kept_families import keep, read_kept
from nested_lightning.settings.family import Family
from nested_lightning.settings.plugging.entry_points import (
    FAMILIES,
    OWN_PACKAGE,
    Plugin,
    PluginGroup,
    explain_outdated_installation,
)
from nested_lightning.settings.reading.errors import SettingsError, did_you_mean

RESERVED = frozenset(
    {"model", "seed", "run_dir", "init_from", "init_sha256", "submodules", "train", "trainer", "prediction"}
    | {"settings"}
)
"""What no family's section may be called: an application has it already."""


def read_family(plugin: Plugin, named: Any) -> Iterator[Family]:
    """Yield the family that an entry point names, as a `Family` or as a wiring function that was made one."""
    family = getattr(named, "family", named)
    if reason := _why_unusable(family):
        plugin.refuse(reason)
        return
    if family.defined_by and read_kept(plugin.point.value) is None:
        keep(plugin.point.value, family)
    yield family


def _describe_family(plugin: Plugin) -> Family | None:
    return None if plugin.package == OWN_PACKAGE else read_kept(plugin.point.value)


def is_family_name(name: str) -> bool:
    """Return whether a family may have this name: small letters, digits and dashes, and none of our names."""
    return bool(re.fullmatch("[a-z][a-z0-9]*(-[a-z0-9]+)*", name)) and name.replace("-", "_") not in RESERVED


def _why_unusable(family: Any) -> str | None:
    if not isinstance(family, Family):
        return f"{family!r} is no settings.Family"
    if not is_family_name(family.name):
        return f"'{family.name}' can't be a family's name: take small letters and dashes, and no name of ours"
    try:
        family.settings()
    except Exception as error:
        return f"its settings can't be made of their defaults: {' '.join(str(error).split())}"
    return None


PLUGGED_FAMILIES = PluginGroup(FAMILIES, read=read_family, describe=_describe_family)
"""The descriptors of all families, our own first; a wiring function's may be a kept description of it."""


_given: ContextVar[tuple[Family, ...]] = ContextVar("families that aren't registered", default=())


def know(*given: Family) -> Token[tuple[Family, ...]]:
    """Add families that no package registers to settings that are read from now on; see `knowing`.

    Raises:
        SettingsError: One is called as a registered family is.
    """
    for family in given:
        if _registered().get(family.name, family) is not family:
            raise SettingsError([f"there is a family '{family.name}' already: give yours another name"])
    names = {family.name for family in given}
    return _given.set((*(one for one in _given.get() if one.name not in names), *given))


@contextmanager
def knowing(*given: Family) -> Iterator[None]:
    """Add families that no package registers to settings that are read in the block.

    Raises:
        SettingsError: One is called as a registered family is.
    """
    token = know(*given)
    try:
        yield
    finally:
        _given.reset(token)


def given_families() -> tuple[Family, ...]:
    """Return the families that are known here and that no package registers."""
    return _given.get()


def families() -> dict[str, Family]:
    """Return the descriptors of all families that are known here by name: the registered ones, and `knowing`.

    Without a container are those that are described for help alone; `find_family` imports one.

    Raises:
        SettingsError: This project has to be installed again.
    """
    return {**_registered(), **{family.name: family for family in _given.get()}}


def _registered() -> dict[str, Family]:
    """Return the descriptors of all registered families by name."""
    if outdated := explain_outdated_installation():
        raise SettingsError([outdated])
    return _by_name(tuple(PLUGGED_FAMILIES.added))


@cache
def _by_name(added: tuple[tuple[Plugin, Family], ...]) -> dict[str, Family]:
    found: dict[str, Family] = {}
    for plugin, family in added:
        if family.name in found:
            plugin.refuse(f"there is a family '{family.name}' already")
        else:
            found[family.name] = family
    return found


def find_family(name: str) -> Family:
    """Return the family of this name, ready for use; ``_`` and ``-`` are the same.

    Raises:
        SettingsError: No family has this name, or its package can't be imported.
    """
    found = describe_family(name)
    if found.container is not None or found in _given.get():
        return found
    PLUGGED_FAMILIES.import_described(found)
    return describe_family(name)


def describe_family(name: str) -> Family:
    """Return the same for help only, without a container if there is a kept description.

    Raises:
        SettingsError: No family has this name.
    """
    known = families()
    found = known.get(str(name).replace("_", "-"))
    if found is None:
        if ".py:" in str(name):
            raise SettingsError(
                [f"model = '{name}': settings name no code to run; give it by --model {name}"]
            )
        hint = did_you_mean(str(name), known)
        own = "if it is your own, give it: --model FILE.py:NAME, in Python family=NAME"
        listed = f"registered: {', '.join(known)}"
        raise SettingsError([f"model = '{name}' is not registered{hint}; {listed}; {own}"])
    return found
