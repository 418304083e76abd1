"""What a recipe records of an override, and whether that is enough to rebuild it."""

import inspect
import json
import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

from nested_lightning.app.checkpoints.recipe import RecordedOverride
from nested_lightning.app.own.composer import source_digest
from nested_lightning.containers.overrides.override import called_for, describe
from nested_lightning.settings.base import ChoiceSettings


def record(replacement: Any, path: str) -> RecordedOverride:
    """Return what can be recorded of a replacement as plain data.

    The settings of a registered choice are recorded by its kind, from which it is rebuilt; a class or a
    function by its import path, options and file, by which a person knows it again; anything else in words.
    """
    if isinstance(replacement, ChoiceSettings):
        fields = replacement.model_dump(mode="json", exclude={"kind"})
        return RecordedOverride(path=path, source="registered", name=replacement.kind, options=fields)
    called = called_for(replacement)
    options = _plain(called.keywords) if isinstance(called, partial) else {}
    made = called.func if isinstance(called, partial) else called
    name = import_path(made)
    has_positional = isinstance(called, partial) and bool(called.args)
    if name is None or options is None or has_positional:
        return RecordedOverride(path=path, source="object", name=describe(replacement))
    return RecordedOverride(
        path=path, source="import", name=name, options=options, digest=source_digest(made)
    )


def import_path(made: Any) -> str | None:
    """Return ``module:name`` of a class or function that can be imported by it again, else None."""
    module, name = getattr(made, "__module__", None), getattr(made, "__qualname__", None)
    if not module or not name or module == "__main__":
        return None
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return f"{module}:{name}" if inspect.unwrap(found) is inspect.unwrap(made) else None


def with_options(replacement: Any, options: Mapping[str, Any]) -> Any:
    """Return a replacement with recorded options, except those that it is bound to already."""
    called = called_for(replacement)
    if not options or not callable(called) or isinstance(replacement, ChoiceSettings):
        return replacement
    bound = called.keywords if isinstance(called, partial) else {}
    return partial(called, **{name: value for name, value in options.items() if name not in bound})


def _plain(options: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return options as JSON gives them back, a tuple as a list; None: they hold what JSON can't."""
    try:
        plain: dict[str, Any] = json.loads(json.dumps(options))
    except (TypeError, ValueError):
        return None
    return plain
