"""Many settings set at once: by a pattern of their paths, by a type, or by a function over settings."""

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from pydantic import BaseModel

from nested_lightning.path_patterns import has_wildcard, path_matches
from nested_lightning.settings.describing.in_effect import Setting, settings_in_effect
from nested_lightning.settings.describing.walking import Place, dotted, step_of_any
from nested_lightning.settings.reading.errors import SettingsError, checked, shown
from nested_lightning.settings.reading.layers import Layer, Names, has_value, value_at
from nested_lightning.settings.reading.merging import flatten, merge, merge_layers, nest_at, nested

_MAX_NAMED = 8
"""Settings that a note or an error names."""


def expand_patterns(
    layers: Sequence[Layer], model: type[BaseModel], others: Collection[str] = ()
) -> list[Layer]:
    """Return layers of exact names only, with what patterns and functions set above them.

    What they meet is looked for when all kinds are chosen. An exact name in the layer of a pattern, or in one
    above it, wins over the pattern; of two patterns the later one wins.

    Args:
        layers: The lowest first.
        model: The model that all are of.
        others: Names at the top below which only a pattern that begins with one meets anything.

    Raises:
        SettingsError: A pattern meets nothing or names a kind, or a function fails.
    """
    separated = [separate_patterns(layer, model) for layer in layers]
    exact = [layer for _, layer in separated]
    wild = {level: layer for level, (layer, _) in enumerate(separated) if layer.values or layer.change}
    if not wild:
        return exact
    ground = _Ground.below(exact, model, others)
    if ground.mistakes and any(layer.change for layer in wild.values()):
        raise SettingsError(ground.mistakes)
    problems: list[str] = []
    above = [_expanded(ground, level, layer, problems) for level, layer in wild.items()]
    if problems:
        raise SettingsError([*ground.mistakes, *problems])
    return [ground.unsaid, *exact, *above]


def separate_patterns(layer: Layer, model: type[BaseModel]) -> tuple[Layer, Layer]:
    """Return a layer's patterns and its function, and the layer without them."""
    wild, exact = _separate(layer.values, model)
    return replace(layer, values=wild), replace(layer, values=exact, change=None)


def _separate(values: Mapping[str, Any], place: Place) -> tuple[dict[str, Any], dict[str, Any]]:
    wild: dict[str, Any] = {}
    exact: dict[str, Any] = {}
    for name, value in values.items():
        inner = step_of_any(place, name)
        if isinstance(name, str) and has_wildcard(name.split(".")):
            wild[name] = value
        elif isinstance(value, Mapping) and inner is not None and name != "submodules":  # its names are paths
            below, rest = _separate(value, inner)
            wild |= {name: below} if below else {}
            exact |= {name: rest} if rest or not below else {}
        else:
            exact[name] = value
    return wild, exact


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """The settings, with kinds chosen, that patterns are matched against.

    Attributes:
        layers: Those of exact names.
        merged: What these are together.
        settings: Each one that has a plain value, the kinds among them.
        unsaid: Choices that stand where no layer says so, and nothing else would once a name there is set.
        mistakes: What is wrong with them as they are; a pattern may mend it.
        others: See `expand_patterns`.
    """

    layers: Sequence[Layer]
    merged: Mapping[str, Any]
    settings: Sequence[Setting]
    unsaid: Layer
    mistakes: Sequence[str]
    others: Collection[str]

    @classmethod
    def below(cls, layers: Sequence[Layer], model: type[BaseModel], others: Collection[str]) -> "_Ground":
        *_, merged = [{}, *merge_layers(layers, model)]
        known: Any = merged
        unsaid: dict[str, Any] = {}
        mistakes: list[str] = []
        try:
            known = checked(model, merged, layers)
            unsaid = _unsaid_choices(model, merged, known)
        except SettingsError as error:
            mistakes = error.problems
        return cls(
            layers=layers,
            merged=merged,
            settings=[one for one in settings_in_effect(known, model) if one.place is None or one.is_kind],
            unsaid=Layer(unsaid, origin="default"),
            mistakes=mistakes,
            others=others,
        )

    def reach(self, first: str) -> list[Setting]:
        """Return the settings that a pattern beginning with a name can match."""
        return [one for one in self.settings if one.names[0] == first or one.names[0] not in self.others]

    def is_named(self, names: Names, level: int) -> bool:
        """Return whether a layer, or one above it, sets a setting by its exact name."""
        own = self.layers[level]
        above = [one for one in self.layers[level:] if one.origin == own.origin or not one.is_preset]
        return has_value(self.merged, names) and any(layer.has(names) for layer in above)


@dataclass(frozen=True, kw_only=True)
class _Wish:
    """A value for each setting that a pattern matches.

    Attributes:
        pattern: Its names.
        value: The value.
        place: Where it is said; begins an error.
        label: What says so; begins a note.
        implied: What begins the pattern and isn't written, as an option stands for it.
    """

    pattern: Names
    value: Any
    place: str
    label: str
    implied: str


def _unsaid_choices(model: type[BaseModel], merged: Mapping[str, Any], known: BaseModel) -> dict[str, Any]:
    """Return the choices that validators made, nested, where they differ from the defaults."""
    whole = known.model_dump(mode="json")
    plain = {one.names: one.value for one in settings_in_effect(merged, model) if one.is_kind}
    made = (
        one.names[:-1]
        for one in settings_in_effect(known, model)
        if one.is_kind and one.value != plain.get(one.names) and not has_value(merged, one.names)
    )
    fields = ((*names, field) for names in made for field in value_at(whole, names))
    unsaid = (nest_at(names, value_at(whole, names)) for names in fields if not has_value(merged, names))
    return reduce(merge, unsaid, {})


def _expanded(ground: _Ground, level: int, layer: Layer, problems: list[str]) -> Layer:
    """Return the layer of all that a layer's patterns and function set."""
    values: dict[str, Any] = {}
    origins: dict[Names, str] = {}
    told: dict[str, dict[Names, bool]] = {}
    for wish in _wishes(layer, ground, problems):
        met = list(_meet(wish, ground))
        if not met:
            reach = ground.reach(wish.pattern[0])
            problems.append(f"{wish.place}: {_explain_unmet(wish.pattern, reach, wish.implied)}")
        for names, value in met:
            told.setdefault(wish.label, {})[names] = is_named = ground.is_named(names, level)
            if not is_named:
                values = merge(values, nest_at(names, value))
                origins[names] = wish.place
    notes = [_describe_met(label, met) for label, met in told.items()]
    return Layer(values, layer.origin, origins, is_preset=layer.is_preset, notes=notes)


def _wishes(layer: Layer, ground: _Ground, problems: list[str]) -> Iterator[_Wish]:
    values: Mapping[str, Any] = layer.values
    if layer.change:
        given = {dotted(one.names): one.value for one in ground.settings if one.names[0] not in ground.others}
        try:
            values = merge(values, nested(layer.change(given)))
        except Exception as error:  # any error in it is the preset's
            reason = " ".join(str(error).split())
            problems.append(f"{layer.origin}: its function fails: {type(error).__name__}: {reason}")
    for raw, value in flatten(values).items():
        pattern = tuple(part for name in raw for part in (name.split(".") if "*" in name else [name]))
        text, origin = ".".join(pattern), layer.origin_of(raw)
        implied = "" if text in origin or text.removeprefix("**.") not in origin else "**."
        written = text.removeprefix(implied)
        is_told = written in origin or (layer.change and text == ".".join(raw))
        place = origin if is_told else f"{origin} ({text})" if origin else text
        label = layer.origin if layer.change else f"{written} = {shown(value)}"
        yield _Wish(pattern=pattern, value=value, place=place, label=label, implied=implied)


def _meet(wish: _Wish, ground: _Ground) -> Iterator[tuple[Names, Any]]:
    """Yield each matched setting and its value; one that is a mapping may be matched by a name in it."""
    wild = max((i for i, name in enumerate(wish.pattern) if name in ("*", "**")), default=-1)
    shortest = min(wild + 2, len(wish.pattern))
    for setting in ground.reach(wish.pattern[0]):
        for end in range(shortest, len(wish.pattern) + 1):
            if not setting.is_kind and path_matches(wish.pattern[:end], setting.names, setting.types):
                rest = wish.pattern[end:]
                yield setting.names, nest_at(rest, wish.value) if rest else wish.value


def _explain_unmet(pattern: Names, settings: Sequence[Setting], implied: str) -> str:
    """Say why a pattern matches none of the settings, with what may have been meant.

    ``implied`` begins it and isn't written, as an option stands for it.
    """
    if pattern[-1] == "kind":
        return "choose kinds by their whole names, one by one: a pattern is for settings of what is chosen"
    known = [one for one in settings if not one.is_kind]
    words = {word for one in known for word in (*one.names, *one.types) if word}
    for i, name in enumerate(pattern[:_MAX_NAMED]):
        for near in [] if name in ("*", "**") else difflib.get_close_matches(name, words):
            meant = (*pattern[:i], near, *pattern[i + 1 :])
            if any(path_matches(meant, one.names, one.types) for one in known):
                return f"meets no setting; did you mean '{'.'.join(meant).removeprefix(implied)}'?"
    there = {one.names[-1]: None for one in known if path_matches((*pattern[:-1], "*"), one.names, one.types)}
    return f"meets no setting{f' (settings there: {_listed([*there])})' if there else ''}"


def _describe_met(label: str, met: Mapping[Names, bool]) -> str:
    """Say what was set, and what was matched too but left, since it is set by its exact name."""
    given, kept = (
        [dotted(one) for one, is_named in met.items() if is_named is sort] for sort in (False, True)
    )
    count = f"{len(given)} setting{'' if len(given) == 1 else 's'}{f' ({_listed(given)})' if given else ''}"
    return f"{label}: {count}{f'; left as it is set by name: {_listed(kept)}' if kept else ''}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join([*names[:_MAX_NAMED], *(["…"] if len(names) > _MAX_NAMED else [])])
