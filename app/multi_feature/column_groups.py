"""Which columns of a file form which group of features."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from nested_lightning.app.errors import UserError, did_you_mean, name_list

Grouping = Callable[[Sequence[str]], dict[str, tuple[str, ...]]]
"""Takes the names of all columns that may be features; returns each group's columns by its name."""

_NUMBERED = re.compile(r"(?P<prefix>.*?)[_.\- ]*\d+")


@dataclass(frozen=True, kw_only=True)
class GroupByPrefix:
    """One group for columns that differ only in a number at the end.

    ``kar0``, ``kar_0``, ``kar.0`` and ``kar-0`` are of group ``kar``; a column without a number is a group of
    its own; columns that are nothing but numbers form group ``0``.
    """

    def __call__(self, columns: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Group ``columns``; groups come in the order of their first columns."""
        groups: dict[str, list[str]] = {}
        for column in columns:
            numbered = _NUMBERED.fullmatch(column)
            groups.setdefault(numbered["prefix"] or "0" if numbered else column, []).append(column)
        return {name: tuple(members) for name, members in groups.items()}


@dataclass(frozen=True, kw_only=True)
class ExplicitGroups:
    """Groups that are listed; other columns of the file are no features.

    Args:
        groups: For each group the names of its columns, or patterns such as ``kar_*``.
    """

    groups: Mapping[str, Sequence[str]]

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

    def _columns_of(self, name: str, members: Sequence[str], columns: Sequence[str]) -> tuple[str, ...]:
        setting = f"multi_feature.data.grouping.groups.{name}"
        if not members:
            raise UserError(f"{setting} lists no columns; name at least one")
        return select_columns(columns, members, setting=setting)


@dataclass(frozen=True, kw_only=True)
class SingleGroup:
    """All columns as one group.

    Args:
        name: The group's name.
    """

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
    """Refuse names that no column has.

    Raises:
        UserError: Names the first of them, the nearest column and ``setting``.
    """
    for name in wanted:
        if name not in columns:
            raise UserError(
                f"{setting} names '{name}', which is no feature column{did_you_mean(name, columns)}"
                f" (there are {name_list(columns)})"
            )
