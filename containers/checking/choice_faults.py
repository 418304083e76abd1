"""Choices in the settings that don't fit what they choose."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from nested_lightning.app.checking.findings import Fault
from nested_lightning.containers.checking.keyword_faults import find_unknown_keywords
from nested_lightning.containers.providing.choices import import_target
from nested_lightning.settings.base import ChoiceSettings


def find_choice_faults(settings: Any, path: str) -> Iterator[Fault]:
    """Yield a fault for each choice whose target is missing, or takes no keyword of a field's name.

    Args:
        settings: Settings, or values within them.
        path: Where they stand.
    """
    if isinstance(settings, ChoiceSettings):
        yield from _check(settings, path)
    if isinstance(settings, BaseModel):
        for name in type(settings).model_fields:
            yield from find_choice_faults(getattr(settings, name), f"{path}.{name}" if path else name)
    elif isinstance(settings, Mapping):
        for name, value in settings.items():
            yield from find_choice_faults(value, f"{path}.{name}")


def _check(choice: ChoiceSettings, path: str) -> Iterator[Fault]:
    try:
        parameters = inspect.signature(import_target(choice.target)).parameters
    except (ImportError, AttributeError) as error:
        yield Fault(path=path, what=f"kind {choice.kind}: {choice.target} can't be imported: {error}")
        return
    yield from find_unknown_keywords(
        choice.target, parameters, choice.arguments(), path_of=lambda field: f"{path}.{field}"
    )
