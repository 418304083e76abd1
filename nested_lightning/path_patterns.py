"""Patterns of dotted paths, of settings and of submodules: ``*`` is one name, ``**`` any number."""

from collections.abc import Sequence


def has_wildcard(pattern: Sequence[str]) -> bool:
    """Return whether one of a pattern's names stands for others."""
    return "*" in pattern or "**" in pattern


def path_matches(pattern: Sequence[str], path: Sequence[str], types: Sequence[str] = ()) -> bool:
    """Return whether a pattern means a path.

    Args:
        pattern: Its names, e.g. ``("multi_feature", "**", "dropout")``. A name may also be the type of what
            the names before it lead to: ``("**", "Dropout", "p")``.
        path: The names of the path.
        types: What stands at each of them, by its type's name; empty where that has none.
    """

    def match(i: int, j: int) -> bool:
        if i == len(pattern):
            return j == len(path)
        if pattern[i] == "**":
            return match(i + 1, j) or (j < len(path) and match(i, j + 1))
        if 0 < j <= len(types) and pattern[i] == types[j - 1] and match(i + 1, j):
            return True
        return j < len(path) and pattern[i] in ("*", path[j]) and match(i + 1, j + 1)

    return match(0, 0)
