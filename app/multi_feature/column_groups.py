"""Which columns of a file form which group of features."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import takewhile

from nested_lightning.app.errors import UserError, did_you_mean, name_list
from nested_lightning.app.multi_feature.group_specs import Sort

Grouping = Callable[[Sequence[str]], dict[str, tuple[str, ...]]]
"""Takes the names of all columns that may be features; returns each group's columns by its name."""

_NUMBERED = re.compile(r"(?P<prefix>.*?)[_.\- ]*\d+")
_WORD = re.compile(r"\d+|[^\W\d_A-Z]+|[A-Z]+(?:[^\W\d_A-Z]+)?")
ALL, OTHERS = "all", "others"
"""Groups of columns that share no word: where all do so, and where some do."""


@dataclass(frozen=True, kw_only=True)
class GroupByPrefix:
    """One group for columns that differ only in a number at the end.

    ``kar0``, ``kar_0``, ``kar.0`` and ``kar-0`` are of group ``kar``; a column without a number is a group of
    its own; columns that are nothing but numbers form group ``0``.
    """

    def __call__(self, columns: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Group ``columns``; groups come in the order of their first columns."""
        return {name: tuple(members) for name, members in _by_key(columns, _numbered(columns)).items()}


@dataclass(frozen=True, kw_only=True)
class GroupBySharedWord:
    """One group for columns that share a word, where that makes few groups of several columns each.

    ``front_speed`` and ``front_load`` are the group ``front``, ``kar0`` and ``kar_1`` are ``kar``. Of numbers
    at the end, first words and last words, those are taken that make the fewest groups; words that all of
    them share don't count. The rest is one group more. Where more than half of the columns share a word with
    none, all are one group.
    """

    def __call__(self, columns: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Group ``columns``; groups come in the order of their first columns, the rest last."""
        ways = (_numbered, _first_words, _last_words)
        found = [groups for way in ways if (groups := _shared(columns, way(columns)))]
        return min(found, key=len, default={ALL: tuple(columns)})

    def guess(self, groups: Mapping[str, Sequence[str]]) -> str:
        """Return what was guessed, for a note; empty if numbers at the end decide."""
        columns = [name for members in groups.values() for name in members]
        if len(columns) == 1 or (OTHERS not in groups and _shared(columns, _numbered(columns)) == groups):
            return ""
        setting = "multi_feature.data.grouping says it otherwise"
        if list(groups) == [ALL]:
            return f"names of columns make no groups of several each, so that all are one group; {setting}"
        sizes = name_list({name: len(members) for name, members in groups.items()})
        return f"columns that share a word are one group: {sizes}; {setting}, e.g. kind=single"


def _numbered(columns: Sequence[str]) -> list[str]:
    """Return the beginning of each column before its number."""
    matches = [_NUMBERED.fullmatch(column) for column in columns]
    return [
        (match["prefix"] or "0") if match else column for match, column in zip(matches, columns, strict=True)
    ]


def _first_words(columns: Sequence[str]) -> list[str]:
    """Return each column up to its first word that not all of them share."""
    own = zip(columns, _own_words(columns, step=1), strict=True)
    return [column[: word.end()] if word else column for column, word in own]


def _last_words(columns: Sequence[str]) -> list[str]:
    """Return each column from its last word on that not all of them share; a number there is no word."""
    own = zip(columns, _own_words(columns, step=-1), strict=True)
    return [column[word.start() :] if word and not word[0].isdigit() else column for column, word in own]


def _own_words(columns: Sequence[str], *, step: int) -> list[re.Match[str] | None]:
    """Return the first word of each column, or with a step of -1 the last one, that not all of them share."""
    words = [[*_WORD.finditer(column)][::step] for column in columns]
    alike = (len({word[0] for word in several}) == 1 for several in zip(*words, strict=False))
    num_shared = sum(takewhile(bool, alike))
    return [each[num_shared] if len(each) > num_shared else None for each in words]


def _by_key(columns: Sequence[str], keys: Sequence[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for column, key in zip(columns, keys, strict=True):
        groups.setdefault(key, []).append(column)
    return groups


def _shared(columns: Sequence[str], keys: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the groups of columns with the same key, and of the rest; none where the rest is most."""
    groups = _by_key(columns, keys)
    shared = {key: tuple(members) for key, members in groups.items() if len(members) > 1}
    rest = [members[0] for members in groups.values() if len(members) == 1]
    if len(rest) > 1:
        shared[OTHERS] = (*shared.get(OTHERS, ()), *rest)
    elif rest:
        shared[rest[0]] = (*shared.get(rest[0], ()), rest[0])
    return shared if 2 * len(rest) <= len(columns) else {}


@dataclass(frozen=True, kw_only=True)
class ExplicitGroups:
    """Groups that are listed; other columns of the file are no features.

    Args:
        groups: For each group the names of its columns, or patterns such as ``kar_*``.
        sorts: The sort of a group whose columns aren't numbers and categories, by the group's name; others
            are looked at. None: all are.
    """

    groups: Mapping[str, Sequence[str]]
    sorts: Mapping[str, Sort] | None = None

    def __call__(self, columns: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return the listed columns.

        Raises:
            UserError: A name that no column has, a column in two groups, or no columns at all.
        """
        if not self.groups:
            raise UserError("multi_feature.data.grouping lists no group; name at least one with its columns")
        found = {name: self._columns_of(name, members, columns) for name, members in self.groups.items()}
        owners: dict[str, str] = {}
        for name, members in found.items():
            for column in members:
                if column in owners:
                    raise UserError(
                        f"column '{column}' is in group '{owners[column]}' and again in group '{name}';"
                        " list it once in multi_feature.data.grouping"
                    )
                owners[column] = name
        return found

    def sorts_of(self, columns: Sequence[str]) -> dict[str, Sort]:
        """Return the sorts of ``columns`` that are listed in a group whose sort is said.

        Raises:
            UserError: A sort is of no group.
        """
        if not self.sorts:
            return {}
        found = self(columns)
        for name in self.sorts:
            if name not in found:
                raise UserError(
                    f"multi_feature.data.grouping.sorts.{name}: there is no such group"
                    f"{did_you_mean(name, found)} (there are {name_list([*found])})"
                )
        return {column: sort for name, sort in self.sorts.items() for column in found[name]}

    def _columns_of(self, name: str, members: Sequence[str], columns: Sequence[str]) -> tuple[str, ...]:
        setting = f"multi_feature.data.grouping.groups.{name}"
        if not members:
            raise UserError(f"{setting} lists no columns; name at least one")
        return select_columns(columns, members, setting=setting)


@dataclass(frozen=True, kw_only=True)
class SingleGroup:
    """All columns as one group."""

    name: str = "0"

    def __call__(self, columns: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return all ``columns`` as one group."""
        return {self.name: tuple(columns)}


def select_columns(columns: Sequence[str], wanted: Sequence[str], *, setting: str) -> tuple[str, ...]:
    """Return the columns that are named in ``wanted`` or match a pattern in it, such as ``kar_*``.

    Raises:
        UserError: One names or matches no column; the message says in which ``setting``.
    """
    selected: list[str] = []
    for name in wanted:
        is_pattern = "*" in name and name not in columns
        found = [column for column in columns if fnmatchcase(column, name)] if is_pattern else [name]
        check_columns(columns, found or [name], setting=setting)
        selected.extend(found)
    return tuple(selected)


def check_columns(columns: Sequence[str], wanted: Sequence[str], *, setting: str) -> None:
    """Refuse names that no column has."""
    for name in wanted:
        if name not in columns:
            raise UserError(
                f"{setting} names '{name}', which is no feature column{did_you_mean(name, columns)}"
                f" (there are {name_list(columns)})"
            )


def group_apart(
    grouping: Grouping, columns: Sequence[str], sorts: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Group ``columns``; each with a sort of its own, dates aside, is a group by itself, under its name.

    Raises:
        UserError: A group is listed that has such a column and others.
    """
    apart = {name: sort for name, sort in sorts.items() if sort != "date"}
    if not isinstance(grouping, ExplicitGroups):
        rest = [name for name in columns if name not in apart]
        others = grouping(rest) if rest else {}
        groups: dict[str, tuple[str, ...]] = dict(others)
        for name, sort in apart.items():
            group = name
            while group in groups or (group != name and group in apart):
                group += f"_{sort}"
            groups[group] = (name,)
        return groups
    groups = grouping(columns)
    for name, members in groups.items():
        if len(members) > 1 and (found := [column for column in members if column in apart]):
            raise UserError(
                f"multi_feature.data.grouping.groups.{name}: column '{found[0]}' is of the sort"
                f" {apart[found[0]]}, and a group by itself; list it alone, or name it in"
                " multi_feature.data.categorical"
            )
    return groups
