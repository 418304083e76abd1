"""Which settings determine the widths of a submodule."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any
from urllib.parse import unquote

from nested_lightning.containers.providing.slot_paths import paths_within
from nested_lightning.settings.base import ChoiceSettings, Settings

_WIDTH = re.compile(r"features|channels|_dim$|_size$|width")


class WidthSettings:
    """Says what to change where widths don't fit.

    Args:
        settings: The family's section.
        root: Its name, which is the path of the composite.
        makers: Name of the provider that made each submodule, by the submodule's path.
        overridden: Paths of submodules in whose provider's place something was put.
    """

    def __init__(
        self, *, settings: Settings, root: str, makers: Mapping[str, str], overridden: Collection[str]
    ) -> None:
        self._settings, self._root = settings, root
        self._makers, self._overridden = makers, overridden

    def suggest(self, givers: Sequence[str], taker: str) -> str:
        """Return what to do about widths that differ, of submodules and of the one that takes their outputs.

        What else gives or takes, such as a group of the data, has no setting for its width.
        """
        givers, takers = ([path for path in paths if path in self._makers] for paths in (givers, [taker]))
        names = [name for giver in givers for name in self._names(giver)]
        own = [name for path in takers for name in self._names(path)]
        names += [name for name in own if name.rpartition(".")[2].startswith("in_")]
        overridden = [f"{self._root}.{path}" for path in [*givers, *takers] if path in self._overridden]
        parts = [f"set {', '.join(dict.fromkeys(names))}"] if names else []
        parts += [f"change what overrides {' and '.join(dict.fromkeys(overridden))}"] if overridden else []
        place, what = (taker, "takes it") if takers or not givers else (givers[0], "gives that width")
        return ", or ".join(parts) or f"override {self._root}.{place} with one that {what}"

    def _names(self, path: str) -> Iterator[str]:
        if path in self._overridden or (found := self._choice(path)) is None:
            return
        where, choice = found
        widths = [name for name, value in choice if isinstance(value, int) and _WIDTH.search(name)]
        for name in ["out_features"] if "out_features" in widths else widths:
            yield f"{where}.{name}"

    def _choice(self, path: str) -> tuple[str, ChoiceSettings] | None:
        """Return the settings that a submodule is built from, with their path; None: it has none."""
        for place in dict.fromkeys((path, self._makers[path])):
            for where in (f"{self._root}.{place}", *paths_within(f"{self._root}.{place}")):
                _, *names = map(unquote, where.split("."))
                if isinstance(choice := reduce(_step, names, self._settings), ChoiceSettings):
                    return where, choice
        return None


def _step(settings: Any, name: str) -> Any:
    return dict(settings).get(name) if isinstance(settings, Mapping | Settings) else None
