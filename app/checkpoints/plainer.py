"""Objects as plainer ones: a path as its text, an enumeration as its value."""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time, timedelta
from enum import Enum
from pathlib import PurePath
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import numpy as np
import torch
from pydantic import BaseModel


def plainer(value: Any) -> Any:
    """Return what an object means as a plainer one, which may hold others; itself, where nothing is known.

    Arrays of numbers become tensors, dates ISO 8601 text, durations seconds, and objects that are but named
    fields a dictionary.
    """
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, np.generic):
        return _python_number(value)
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value.copy()) if value.dtype.kind in "biufc" else value.tolist()
    for kind, convert in _MEANINGS.items():
        if isinstance(value, kind):
            return convert(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return value


def _python_number(value: np.generic) -> Any:
    plain = value.item()
    return float(plain) if isinstance(plain, np.floating) else plain  # a long double stays one


_MEANINGS: dict[type, Any] = {
    PurePath: str,
    UUID: str,
    date: date.isoformat,
    time: time.isoformat,
    timedelta: timedelta.total_seconds,
    Namespace: vars,
    SimpleNamespace: vars,
    BaseModel: dict,
    bool: bool,
    int: int,
    float: float,
    str: str,
    bytes: bytes,
    bytearray: bytes,
    frozenset: set,
    Mapping: dict,
}
"""By the kind of the object, with whatever is derived from it; the first that fits."""
