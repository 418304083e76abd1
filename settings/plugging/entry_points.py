"""What installed packages add to this project, by the entry points that they declare."""

import sys
import tomllib
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import Distribution, EntryPoint, entry_points
from pathlib import Path
from threading import RLock
from typing import Any, Generic, TypeVar

T = TypeVar("T")

FAMILIES = "nested_lightning.families"
"""Group of the entry points that name a `settings.family.Family`."""

SUBMODULES = "nested_lightning.submodules"
"""Group of the entry points that name a choice of a slot: a settings class, or a list of several."""

OWN_PACKAGE = "nested-lightning"


class PluginWarning(UserWarning):
    """A plug-in that can't be used."""


@dataclass(kw_only=True, eq=False)
class Plugin:
    """What one entry point of an installed package adds.

    Attributes:
        point: The entry point: its group, its name, and what it names as ``module:attribute``.
        package: Name of the package that declares it.
        version: Version of that package.
        problems: Why it can't be used, or a part of it; empty: it can.
    """

    point: EntryPoint
    package: str
    version: str
    problems: list[str] = field(default_factory=list)

    @property
    def error(self) -> str | None:
        """Why it can't be used, in one line; None: it can."""
        return "; ".join(self.problems) or None

    @property
    def requirement(self) -> str:
        """Package and version as pip takes them."""
        return f"{self.package}=={self.version}"

    def load(self) -> Any:
        """Import and return what it names; None if that fails, whatever the reason, which is then kept."""
        try:
            return self.point.load()
        except (Exception, SystemExit) as error:
            self.refuse(f"{type(error).__name__}: {' '.join(str(error).split())}")
            return None

    def refuse(self, reason: str) -> None:
        """Keep why it can't be used, and warn of it the first time."""
        if reason in self.problems:
            return
        self.problems.append(reason)
        text = f"{self.point.value} of the package {self.requirement} can't be used: {reason}"
        warnings.warn(f"plug-in '{self.point.name}', {text}", PluginWarning, stacklevel=2)


class PluginGroup(Generic[T]):
    """The plug-ins of one group, read together when the first of them is needed.

    Args:
        name: `FAMILIES` or `SUBMODULES`.
        read: Returns what a plug-in adds, given what its entry point names; it refuses what can't be used.
        describe: Returns what is known of what a plug-in adds without importing it, which is put off then.
    """

    def __init__(
        self,
        name: str,
        *,
        read: Callable[[Plugin, Any], Iterable[T]],
        describe: Callable[[Plugin], T | None] = lambda _: None,
    ) -> None:
        self.name = name
        self._read, self._describe = read, describe
        self._plugins: list[Plugin] | None = None
        self._added: list[tuple[Plugin, T]] = []
        self._described: set[T] = set()
        self._is_loading = False
        self._lock = RLock()

    @property
    def plugins(self) -> list[Plugin]:
        """All plug-ins of the group, also those that can't be used: our own first, then by package."""
        self._load()
        return list(self._plugins or [])

    @property
    def added(self) -> list[tuple[Plugin, T]]:
        """What the plug-ins add, each with its plug-in, in the order of `plugins`.

        Raises:
            RuntimeError: A plug-in needs this while it is being imported itself.
        """
        self._load()
        return list(self._added)

    def import_described(self, wanted: T | None = None) -> None:
        """Import what is only described so far, one or all of it, and replace its description."""
        with self._lock:
            put_off = {one for _, one in self.added if one in self._described and wanted in (None, one)}
            self._described -= put_off
            self._added = [
                (plugin, item)
                for plugin, one in self._added
                for item in (self._import(plugin) if one in put_off else [one])
            ]

    def _load(self) -> None:
        with self._lock:
            if self._is_loading:
                raise RuntimeError("it makes settings while it is being imported; do that in a function")
            if self._plugins is None:
                self._is_loading = True
                try:
                    plugins = find_plugins(self.name)
                    self._added = [(plugin, item) for plugin in plugins for item in self._items_of(plugin)]
                    self._plugins = plugins
                finally:
                    self._is_loading = False

    def _items_of(self, plugin: Plugin) -> Iterable[T]:
        described = self._describe(plugin)
        if described is None:
            return self._import(plugin)
        self._described.add(described)
        return [described]

    def _import(self, plugin: Plugin) -> Iterable[T]:
        named = plugin.load()
        return () if named is None else self._read(plugin, named)


def find_plugins(group: str) -> list[Plugin]:
    """Return the entry points of a group, none of them imported: our own first, then by package, name."""
    found = [
        Plugin(point=point, package=name, version=version)
        for point in _installed().select(group=group)
        if point.dist is not None
        for name, version in [_name_and_version(point.dist)]
    ]
    if group == FAMILIES and all(plugin.package != OWN_PACKAGE for plugin in found):
        found += _plugins_of_source_tree(Path(__file__).resolve().parents[2] / "pyproject.toml", group)
    return sorted(found, key=lambda one: (one.package != OWN_PACKAGE, one.package, one.point.name))


@cache
def explain_outdated_installation() -> str | None:
    """Say what to do where this project was installed before its modules moved to ``nested_lightning``.

    An editable installation keeps the entry points of that time, which name modules that are there no more.
    """
    own = [plugin for plugin in find_plugins(FAMILIES) if plugin.package == OWN_PACKAGE]
    if all(plugin.point.value.startswith("nested_lightning.") for plugin in own):
        return None
    return (
        f"{OWN_PACKAGE} was installed before its modules moved to nested_lightning; install it again:"
        f" {sys.executable} -m pip install -c constraints.txt -e ."
    )


@cache
def _installed() -> Any:
    """Return the entry points of all installed packages, which reads the metadata of each."""
    return entry_points()


@cache
def _name_and_version(package: Distribution) -> tuple[str, str]:
    """Return both from one reading of a package's metadata, whatever number of entry points it has."""
    metadata = package.metadata
    return metadata["Name"], metadata["Version"]


def _plugins_of_source_tree(pyproject: Path, group: str) -> list[Plugin]:
    """Return our own entry points where this project runs from its source, and isn't installed."""
    if not pyproject.exists():
        return []
    project = tomllib.loads(pyproject.read_text())["project"]
    return [
        Plugin(point=EntryPoint(name, value, group), package=OWN_PACKAGE, version=project["version"])
        for name, value in project["entry-points"][group].items()
    ]
