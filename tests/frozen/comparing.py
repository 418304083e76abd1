"""How two recordings differ, in lines that a person can read."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

_MAX_LINES, _MAX_LENGTH = 40, 400


def differences(before: Any, now: Any, *, tolerance: float = 0.0, place: str = "") -> list[str]:
    """Return a line for each place where two recordings differ.

    Args:
        before: Plain data as JSON gives it back.
        now: The same, of the present.
        tolerance: By how much numbers may differ, absolutely or relatively; 0: not at all.
        place: Where in the recordings both stand.
    """
    return list(_compare(before, now, tolerance, place))


def assert_same(before: Any, now: Any, *, tolerance: float = 0.0) -> None:
    """Fail where two recordings differ, and say where and how."""
    lines = differences(before, now, tolerance=tolerance)
    shown = [line if len(line) <= _MAX_LENGTH else f"{line[:_MAX_LENGTH]}…" for line in lines[:_MAX_LINES]]
    more = [f"and {len(lines) - _MAX_LINES} more"] if len(lines) > _MAX_LINES else []
    assert not lines, "\n".join(["frozen, and differs:", *shown, *more])


def _compare(before: Any, now: Any, tolerance: float, place: str) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        yield from _compare_mappings(before, now, tolerance, place)
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for i, (one, other) in enumerate(zip(before, now, strict=True)):
            yield from _compare(one, other, tolerance, f"{place}[{i}]")
    elif not _is_same(before, now, tolerance):
        yield f"{place}: was {before!r}, is {now!r}"


def _compare_mappings(
    before: Mapping[str, Any], now: Mapping[str, Any], tolerance: float, place: str
) -> Iterator[str]:
    for name in dict.fromkeys([*before, *now]):
        inner = f"{place}.{name}" if place else name
        if name not in now:
            yield f"{inner}: is gone, was {before[name]!r}"
        elif name not in before:
            yield f"{inner}: is new, {now[name]!r}"
        else:
            yield from _compare(before[name], now[name], tolerance, inner)
    if list(before) != list(now) and set(before) == set(now):
        yield f"{place or 'all'}: the order was {list(before)}, is {list(now)}"


def _is_same(before: Any, now: Any, tolerance: float) -> bool:
    if isinstance(before, float) and isinstance(now, float):
        if math.isnan(before) or math.isnan(now):
            return math.isnan(before) and math.isnan(now)
        return math.isclose(before, now, rel_tol=tolerance, abs_tol=tolerance)
    return type(before) is type(now) and bool(before == now)
