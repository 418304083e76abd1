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
    ends = {0}  # how many names of the path the pattern so far may stand for
    for part in pattern:
        if part == "**":
            ends = {end for end in range(len(path) + 1) if ends and end >= min(ends)}
        else:
            by_type = {end for end in ends if 0 < end <= len(types) and part == types[end - 1]}
            ends = by_type | {end + 1 for end in ends if end < len(path) and part in ("*", path[end])}
    return len(path) in ends
