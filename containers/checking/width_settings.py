"""Which settings determine the widths of a submodule."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Any
from urllib.parse import unquote

from nested_lightning.containers.checking.call_record import CallRecord
from nested_lightning.containers.providing.slot_paths import paths_within
from nested_lightning.settings.base import ChoiceSettings, Settings

_WIDTH = re.compile(r"features|channels|_dim$|_size$|width")


class WidthSettings:
    """Says what to change where widths don't fit.

    Args:
        family: The container of a family.
        root: Path of its composite, which is the name of its section in the settings.
        makers: Name of the provider that made each submodule, by the submodule's path.
        record: Knows what is overridden.
    """

    def __init__(self, *, family: Any, root: str, makers: Mapping[str, str], record: CallRecord) -> None:
        self._family = family
        self._root = root
        self._makers = makers
        self._record = record

    def suggest(self, givers: Sequence[str], taker: str) -> str:
        """Return what to do about widths that differ.

        Args:
            givers: Paths of submodules below the composite; what else may give, such as a group of the data,
                has no setting for its width.
            taker: Path of the submodule that their outputs go into; the data, such as their classes, have no
                setting for their width either.
        """
        givers, takers = ([path for path in paths if path in self._makers] for paths in (givers, [taker]))
        names = [name for giver in givers for name in self._names(giver)]
        own = [
            name for path in takers for name in self._names(path) if name.rpartition(".")[2].startswith("in_")
        ]
        wanted = list(dict.fromkeys([*names, *own]))
        both = dict.fromkeys([*givers, *takers])
        overridden = [f"{self._root}.{path}" for path in both if self._is_overridden(path)]
        parts = [f"set {', '.join(wanted)}"] if wanted else []
        parts += [f"change what overrides {' and '.join(overridden)}"] if overridden else []
        place, what = (taker, "takes it") if takers or not givers else (givers[0], "gives that width")
        return ", or ".join(parts) or f"override {self._root}.{place} with one that {what}"

    def _is_overridden(self, path: str) -> bool:
        return self._record.is_overridden(self._makers.get(path, path))

    def _names(self, path: str) -> Iterator[str]:
        if self._is_overridden(path) or (found := self._choice(path)) is None:
            return
        where, choice = found
        widths = [name for name, value in choice if isinstance(value, int) and _WIDTH.search(name)]
        for name in ["out_features"] if "out_features" in widths else widths:
            yield f"{where}.{name}"

    def _choice(self, path: str) -> tuple[str, ChoiceSettings] | None:
        """Return the settings that a submodule is built from, with their path; None: it has none."""
        for place in dict.fromkeys((path, self._makers.get(path, path))):
            for where in (f"{self._root}.{place}", *paths_within(f"{self._root}.{place}")):
                _, *names = map(unquote, where.split("."))
                if isinstance(choice := reduce(_step, names, self._family.settings()), ChoiceSettings):
                    return where, choice
        return None


def _step(settings: Any, name: str) -> Any:
    return dict(settings).get(name) if isinstance(settings, Mapping | Settings) else None
