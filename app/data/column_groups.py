"""Which columns of a file form which group of features."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from app.data.wording import name_list
from app.errors import UserError, did_you_mean

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
        if not members:
            raise UserError(f"group '{name}' of multi_feature.data.grouping lists no columns")
        return tuple(column for member in members for column in _matching(name, member, columns))


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


def _matching(group: str, member: str, columns: Sequence[str]) -> list[str]:
    if member in columns:
        return [member]
    found = [column for column in columns if fnmatchcase(column, member)] if "*" in member else []
    if not found:
        raise UserError(
            f"group '{group}' of multi_feature.data.grouping lists '{member}', and there is no such feature"
            f"{did_you_mean(member, columns)} (features: {name_list(columns)})"
        )
    return found
