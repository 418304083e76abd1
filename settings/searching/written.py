"""How a search is written: single values, a range, or all that there is."""

import re
from dataclasses import dataclass
from math import floor, isfinite
from typing import Any, Literal

from nested_lightning.settings.reading.errors import SettingsError
from nested_lightning.settings.reading.written_numbers import without_text
from nested_lightning.settings.reading.yaml_values import YamlValues

_RANGE = re.compile(r"(int|float):(.+?)\.\.(.+?)(?::(.+))?")
_FORMS = "write single values as a,b,c, a range as int:1..9 or float:1e-4..1e-1:log, or * for all"
_BOUNDS = {"type", "low", "high", "log", "step"}

Plain = bool | int | float | str | None


@dataclass(frozen=True)
class Values:
    """Single values."""

    values: tuple[Plain, ...]


@dataclass(frozen=True, kw_only=True)
class Range:
    """Numbers from ``low`` to ``high``, both among them.

    Attributes:
        type: Whole numbers, or any.
        low: The least.
        high: The most.
        log: Whether equal ratios are as likely as each other, instead of equal distances.
        step: Distance of two neighbours; None: 1 of whole numbers, of others any.
    """

    type: Literal["int", "float"]
    low: float
    high: float
    log: bool = False
    step: float | None = None


@dataclass(frozen=True)
class Everything:
    """All that a choice, a truth or a list of words has."""


Written = Values | Range | Everything


def read_search(path: str, written: Any) -> Written:
    """Return what a setting may be.

    Args:
        path: Dotted name of the setting, for messages.
        written: A text as on the command line; or as in YAML, a list of values, or a mapping with ``low`` and
            ``high``, maybe ``log``, ``step`` and ``type``.

    Raises:
        SettingsError: It is none of these.
    """
    if isinstance(written, str):
        return _read_text(path, written.strip())
    if isinstance(written, dict):
        return _read_bounds(path, without_text(written), written)
    return _values(path, written)


def _read_text(path: str, text: str) -> Written:
    if text == "*":
        return Everything()
    if text == "bool":
        return Values((False, True))
    if found := _RANGE.fullmatch(text):
        kind, low, high, rest = found.groups()
        bounds: dict[str, Any] = {"type": kind, "low": low, "high": high}
        bounds |= {} if rest is None else {"log": True} if rest == "log" else {"step": rest}
        numbers = {name: _yaml(path, bounds[name]) for name in ("low", "high", "step") if name in bounds}
        return _read_bounds(path, bounds | numbers, text)
    if ".." in text or text.startswith(("int:", "float:")):
        raise _wrong(path, text)
    return _values(path, _yaml(path, f"[{text}]"))


def _values(path: str, values: Any) -> Values:
    plain = without_text(values)
    if not isinstance(plain, list) or not all(isinstance(one, Plain) for one in plain):
        raise _wrong(path, plain)
    if not 0 < len(plain) == len({*plain}):  # 1 is 1.0, also to Optuna
        said = ", ".join(map(str, plain)) or "nothing"
        raise SettingsError([f"--search {path}: {said}: values are needed, none of them twice; {_FORMS}"])
    return Values(tuple(plain))


def _read_bounds(path: str, bounds: dict[str, Any], written: Any) -> Range:
    numbers: list[Any] = [bounds.get(name) for name in ("low", "high", "step") if name in bounds]
    is_known = {"low", "high"} <= bounds.keys() <= _BOUNDS
    if not is_known or not all(type(one) in (int, float) and isfinite(one) for one in numbers):
        raise _wrong(path, written)
    are_whole = all(isinstance(one, int) for one in numbers)
    kind = bounds.get("type", "int" if are_whole else "float")
    if kind not in ("int", "float") or (kind == "int" and not are_whole):
        raise SettingsError([f"--search {path}: int has whole numbers; {_FORMS}"])
    found = Range(**{**bounds, "type": kind})
    if found.low >= found.high:
        raise SettingsError(
            [f"--search {path}: {found.low}..{found.high} is empty; write the smaller one first"]
        )
    if found.log and (found.low <= 0 or found.step is not None):
        raise SettingsError([f"--search {path}: log needs numbers above 0, and no step"])
    if found.step is not None:
        _refuse_step(path, found, found.step)
    return found


def _refuse_step(path: str, found: Range, step: float) -> None:
    if step <= 0:
        raise SettingsError([f"--search {path}: a step is above 0, and {step:g} was given"])
    count = (found.high - found.low) / step
    if abs(count - round(count)) > 1e-9 * max(1.0, count):
        last = found.low + floor(count) * step
        raise SettingsError(
            [
                f"--search {path}: steps of {step:g} from {found.low:g} don't meet {found.high:g}; end at"
                f" {last:g}, or at {last + step:g}"
            ]
        )


def _yaml(path: str, text: str) -> Any:
    return without_text(YamlValues(f"--search {path}", has_lines=False).read(text, must_be_mapping=False))


def _wrong(path: str, written: Any) -> SettingsError:
    return SettingsError([f"--search {path}: {written!r} can't be searched; {_FORMS}"])
