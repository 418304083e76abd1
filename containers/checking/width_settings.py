"""Which settings determine the widths of a submodule."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from dependency_injector import providers

from nested_lightning.containers.checking.call_record import CallRecord
from nested_lightning.containers.checking.provider_graph import provided_chain
from nested_lightning.containers.overrides.provider_paths import find_provider
from nested_lightning.settings.base import ChoiceSettings

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
        if self._is_overridden(path):
            return
        for place, choice in self._choices(path):
            widths = [
                field
                for field, value in choice.arguments().items()
                if isinstance(value, int) and _WIDTH.search(field)
            ]
            for field in ["out_features"] if "out_features" in widths else widths:
                yield f"{self._root}.{place}.{field}"

    def _choices(self, path: str) -> Iterator[tuple[str, ChoiceSettings]]:
        """Yield the settings that a submodule is built from, with their paths in the family's section."""
        provider: Any = find_provider(self._family, self._makers.get(path, path))
        item = unquote(path.rpartition(".")[2])
        if isinstance(provider.provides, providers.Provider):  # a named item, built by a choice of its own
            provider = provider.provides
        part = next((one for one in provider.args if isinstance(one, str)), None)
        for argument in _settings_given_to(provider):
            place, value = ".".join(provided_chain(argument)), argument()
            if isinstance(value, Mapping) and item in value:
                place, value = f"{place}.{item}", value[item]
                if part is not None:
                    place, value = f"{place}.{part}", getattr(value, part, None)
            if isinstance(value, ChoiceSettings):
                yield place, value


def _settings_given_to(provider: Any) -> Iterator[Any]:
    """Yield the ``settings.provided.…`` among a provider's arguments, also those that are read only once."""
    for argument in provider.args:
        if isinstance(argument, providers.AttributeGetter):
            yield argument
        elif isinstance(argument, providers.Singleton) and argument.provides is dict:
            yield from _settings_given_to(argument)
