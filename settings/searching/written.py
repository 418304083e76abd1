"""How a search is written: single values, a range, or all that there is."""

import re
from math import floor, isfinite
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from nested_lightning.settings.reading.errors import SettingsError
from nested_lightning.settings.reading.written_numbers import without_text
from nested_lightning.settings.reading.yaml_values import YamlValues

_RANGE = re.compile(r"(int|float):(.+?)\.\.(.+?)(?::(.+))?")
_FORMS = "write single values as a,b,c, a range as int:1..9 or float:1e-4..1e-1:log, or * for all"
_BOUNDS = {"type", "low", "high", "log", "step"}

Plain = bool | int | float | str | None


def read_search(path: str, written: Any) -> BaseDistribution | None:
    """Return what a setting may be; None: all that there is.

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


def _read_text(path: str, text: str) -> BaseDistribution | None:
    if text == "*":
        return None
    if text == "bool":
        return CategoricalDistribution((False, True))
    if found := _RANGE.fullmatch(text):
        kind, low, high, rest = found.groups()
        bounds: dict[str, Any] = {"type": kind, "low": low, "high": high}
        bounds |= {} if rest is None else {"log": True} if rest == "log" else {"step": rest}
        numbers = {name: _yaml(path, bounds[name]) for name in ("low", "high", "step") if name in bounds}
        return _read_bounds(path, bounds | numbers, text)
    if ".." in text or text.startswith(("int:", "float:")):
        raise _wrong(path, text)
    return _values(path, _yaml(path, f"[{text}]"))


def _values(path: str, values: Any) -> BaseDistribution:
    plain = without_text(values)
    if not isinstance(plain, list) or not all(isinstance(one, Plain) for one in plain):
        raise _wrong(path, plain)
    if not 0 < len(plain) == len({*plain}):  # 1 is 1.0, also to Optuna
        said = ", ".join(map(str, plain)) or "nothing"
        raise SettingsError([f"--search {path}: {said}: values are needed, none of them twice; {_FORMS}"])
    return CategoricalDistribution(plain)


def _read_bounds(path: str, bounds: dict[str, Any], written: Any) -> BaseDistribution:
    numbers: list[Any] = [bounds.get(name) for name in ("low", "high", "step") if name in bounds]
    is_known = {"low", "high"} <= bounds.keys() <= _BOUNDS
    if not is_known or not all(type(one) in (int, float) and isfinite(one) for one in numbers):
        raise _wrong(path, written)
    are_whole = all(isinstance(one, int) for one in numbers)
    kind = bounds.get("type", "int" if are_whole else "float")
    if kind not in ("int", "float") or (kind == "int" and not are_whole):
        raise SettingsError([f"--search {path}: int has whole numbers; {_FORMS}"])
    low, high, log, step = bounds["low"], bounds["high"], bounds.get("log", False), bounds.get("step")
    if low >= high:
        raise SettingsError([f"--search {path}: {low}..{high} is empty; write the smaller one first"])
    if log and (low <= 0 or step is not None):
        raise SettingsError([f"--search {path}: log needs numbers above 0, and no step"])
    if step is not None:
        _refuse_step(path, low, high, step)
    if kind == "int":
        return IntDistribution(low, high, log=log, step=1 if step is None else step)
    return FloatDistribution(low, high, log=log, step=step)


def _refuse_step(path: str, low: float, high: float, step: float) -> None:
    if step <= 0:
        raise SettingsError([f"--search {path}: a step is above 0, and {step:g} was given"])
    count = (high - low) / step
    if abs(count - round(count)) > 1e-9 * max(1.0, count):
        last = low + floor(count) * step
        raise SettingsError(
            [
                f"--search {path}: steps of {step:g} from {low:g} don't meet {high:g}; end at {last:g}, or at"
                f" {last + step:g}"
            ]
        )


def _yaml(path: str, text: str) -> Any:
    return without_text(YamlValues(f"--search {path}", has_lines=False).read(text, must_be_mapping=False))


def _wrong(path: str, written: Any) -> SettingsError:
    return SettingsError([f"--search {path}: {written!r} can't be searched; {_FORMS}"])
