"""Standard JSON, which has no NaN and no infinity."""

import json
import math
from collections.abc import Mapping
from typing import Any


def to_json(values: Any) -> str:
    """Return plain values as JSON with indentation; numbers that aren't finite become ``null``."""
    return json.dumps(_finite(values), indent=2, allow_nan=False)


def to_json_line(values: Any) -> str:
    """Return plain values as JSON in one line, as `to_json` has them."""
    return json.dumps(_finite(values), allow_nan=False)


def _finite(values: Any) -> Any:
    if isinstance(values, Mapping):
        return {name: _finite(value) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [_finite(value) for value in values]
    return None if isinstance(values, float) and not math.isfinite(values) else values
