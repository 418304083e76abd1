"""The space of a sweep: what is searched, with Optuna's distributions and the kinds that each belongs to."""

from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any, get_args, get_origin

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    distribution_to_json,
)

from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.describing.in_effect import settings_in_effect
from nested_lightning.settings.describing.walking import dotted, names_of
from nested_lightning.settings.families import families
from nested_lightning.settings.reading.errors import SettingsError, collecting
from nested_lightning.settings.reading.layers import Names, value_at
from nested_lightning.settings.searching.places import Found, find, with_items
from nested_lightning.settings.searching.written import Plain, read_search
from nested_lightning.settings.slot import Slot

_FIXED = frozenset(
    {"model", "run_dir", "seed", "init_from", "init_sha256", "prediction"}
    | {"trainer.monitor", "trainer.monitor_mode"}
)
"""What is the same for all trials."""
_FIXED_OF_DATA = frozenset({"path", "root", "folder", "split", "label"})
"""The same, of a family's data: others would be judged by other rows."""


@dataclass(frozen=True, kw_only=True)
class SearchedParameter:
    """A setting that is searched.

    Attributes:
        path: Its dotted name.
        distribution: What it may be.
        asked_when: The kinds with which it exists, by the path of each choice that is searched too; without
            one, it always exists.
    """

    path: str
    distribution: BaseDistribution
    asked_when: Mapping[str, tuple[str, ...]]

    @property
    def choices(self) -> tuple[Any, ...]:
        """The single values that it may be; none, if it is a range."""
        one = self.distribution
        return tuple(one.choices) if isinstance(one, CategoricalDistribution) else ()


@dataclass(frozen=True, kw_only=True)
class SearchSpace:
    """All that is searched.

    Attributes:
        parameters: Choices before what belongs to them.
        settings: The settings that are searched from; an item whose kind is searched has its own in them.
        notes: What ``*`` doesn't stand for, in sentences.
    """

    parameters: tuple[SearchedParameter, ...]
    settings: ApplicationSettings
    notes: tuple[str, ...] = ()

    def defaults(self) -> dict[str, Any]:
        """Return what the settings say of each parameter that exists with them, by path."""
        found: dict[str, Any] = {}
        values = with_items(self.settings, [names_of(one.path) for one in self.parameters]).to_plain()
        for one in self.parameters:
            conditions = one.asked_when.items()
            with suppress(KeyError):  # it stands where nothing is yet
                if all(value_at(values, names_of(path)) in kinds for path, kinds in conditions):
                    found[one.path] = value_at(values, names_of(one.path))
        return found

    def document(self) -> list[dict[str, Any]]:
        """Return the space as plain values."""
        return [
            {
                "path": one.path,
                "distribution": distribution_to_json(one.distribution),
                "asked_when": {path: list(kinds) for path, kinds in one.asked_when.items()},
            }
            for one in self.parameters
        ]


def make_space(settings: ApplicationSettings, search: Mapping[str, Any]) -> SearchSpace:
    """Return the space of what is searched from settings, which take each end of it; see `read_search`.

    Raises:
        SettingsError: With one line for each mistake.
    """
    problems: list[str] = []
    written: dict[str, BaseDistribution | None] = {}
    for path, what in sorted(search.items(), key=lambda item: _order(item[0])):
        with collecting(problems):
            _refuse_fixed(settings, names_of(path))
            written[path] = read_search(path, what)
    if problems:
        raise SettingsError(problems)
    own = [names_of(path) for path in written if path.endswith(".kind")]
    settings = with_items(settings, own)  # what else an item has begins as it is for its default kind
    kinds: dict[str, dict[str, Any]] = {}
    parameters = []
    notes: list[str] = []
    for path, what in written.items():
        with collecting(problems):
            parameters.append(_parameter(settings, path, what, kinds, notes, written))
    if not search:
        problems.append("nothing is searched: give --search SETTING=VALUES, or sweep.search in a file")
    if problems:
        raise SettingsError([*dict.fromkeys(problems)])
    return SearchSpace(parameters=tuple(parameters), settings=settings, notes=tuple(notes))


def _order(path: str) -> tuple[int, bool]:
    """Put choices before what belongs to them."""
    return path.count("."), not path.endswith(".kind")


def _refuse_fixed(settings: ApplicationSettings, names: Names) -> None:
    path, family = dotted(names), settings.family
    if "*" in path.replace("%2A", "*"):
        raise SettingsError([f"--search {'.'.join(names)}: search settings by their whole names, one by one"])
    is_of_data = names[:2] == (family.section, "data") and set(names[2:3]) <= _FIXED_OF_DATA
    if names[0] in _FIXED or path in _FIXED or is_of_data:
        raise SettingsError([f"--search {path}: is the same for all trials; set it by --set {path}=VALUE"])
    others = {one.section for one in families().values()} - {family.section}
    if names[0] in others:
        raise SettingsError([f"--search {path}: belongs to another model, and {family.name} is trained"])


def _parameter(
    settings: ApplicationSettings,
    path: str,
    distribution: BaseDistribution | None,
    kinds: dict[str, dict[str, Any]],
    notes: list[str],
    searched: Container[str],
) -> SearchedParameter:
    found = find(settings, names_of(path), kinds)
    if distribution is None:
        distribution = CategoricalDistribution(_everything(settings, path, found, notes))
    parameter = SearchedParameter(path=path, distribution=distribution, asked_when=found.asked_when)
    _refuse_untaken(settings, parameter)
    if found.slot is not None:
        needed = {choice: having[0] for choice, having in found.asked_when.items()}
        kinds[path] = {str(one): {**needed, path: one} for one in parameter.choices}
        notes += _notes_on_lost(settings, path, found.slot, [*kinds[path]], searched)
    return parameter


def _notes_on_lost(
    settings: ApplicationSettings, path: str, slot: Slot, kinds: Sequence[str], searched: Container[str]
) -> Iterator[str]:
    """Yield what is set for the kind that there is, and isn't for others that are drawn and have it too."""
    choice = names_of(path)[:-1]
    there = [one for one in settings_in_effect(settings) if one.names[:-1] == choice]
    now = next((one.value for one in there if one.is_kind), None)
    for one in there:
        name, value, setting = one.names[-1], one.value, dotted(one.names)
        having = [kind for kind in kinds if kind != now and name in slot.choices[kind].model_fields]
        is_plain = one.place is None and isinstance(value, Plain)
        is_set = is_plain and value != one.field.get_default(call_default_factory=True)
        if is_set and having and setting not in searched:
            yield (
                f"--search {path}: {setting} = {value} is set for {now} alone; --search"
                f" {setting}={value} sets it for {', '.join(having)} too"
            )


def _everything(settings: ApplicationSettings, path: str, found: Found, notes: list[str]) -> Sequence[Any]:
    """Return all values of a setting; of a choice, the kinds that need no setting of their own."""
    if found.slot is not None:
        refused = {kind: _refusals(settings, path, kind, found.asked_when) for kind in found.slot.choices}
        said = ((kind, lines[0].removeprefix("--search ")) for kind, lines in refused.items() if lines)
        notes += [f"--search {path}=*: without {kind}: {why}" for kind, why in said]
        if all(refused.values()):
            raise SettingsError([*dict.fromkeys(chain(*refused.values()))])
        return [kind for kind, lines in refused.items() if not lines]
    annotation = found.setting.field.annotation
    words = (False, True) if annotation is bool else get_args(annotation)
    if annotation is bool or str(get_origin(annotation)).endswith("Literal"):
        return words
    raise SettingsError([f"--search {path}: * stands for all kinds, or all words; give values or a range"])


def _refuse_untaken(settings: ApplicationSettings, parameter: SearchedParameter) -> None:
    for values in _probes(parameter.distribution):
        lines = [_refusals(settings, parameter.path, one, parameter.asked_when) for one in values]
        if any(lines):
            raise SettingsError([*dict.fromkeys(chain(*lines))])


def _probes(one: BaseDistribution) -> Iterator[Sequence[Any]]:
    """Yield values that are taken if all are: bounds of settings are those of an interval."""
    if isinstance(one, CategoricalDistribution):
        yield one.choices
    elif isinstance(one, IntDistribution | FloatDistribution):
        yield one.low, one.high
        if isinstance(one, FloatDistribution) and one.step is None:
            yield (one.low + (one.high - one.low) / 3.7,)  # no whole number


def _refusals(
    settings: ApplicationSettings, path: str, value: Any, asked_when: Mapping[str, tuple[str, ...]]
) -> list[str]:
    """Return why a setting doesn't take a value, with any of the kinds that have it."""
    needed = {choice: kinds[0] for choice, kinds in asked_when.items()}
    nearest = [*needed][-1:]  # the choice that the setting itself belongs to
    refused: list[str] = []
    for kinds in [{choice: kind} for choice in nearest for kind in asked_when[choice]] or [{}]:
        try:
            settings.changed({**needed, **kinds, path: value})
        except SettingsError as error:
            refused += (f"--search {problem}" for problem in error.problems)
    return refused
