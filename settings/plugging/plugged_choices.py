"""Choices that plug-ins add to slots."""

from collections.abc import Iterator
from typing import Any

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.plugging.entry_points import SUBMODULES, Plugin, PluginGroup


def kind_of_choice(choice: type[ChoiceSettings]) -> str:
    """Return the kind by which a choice is named."""
    kind: str = choice.model_fields["kind"].default
    return kind


def _read_choices(plugin: Plugin, named: Any) -> Iterator[type[ChoiceSettings]]:
    for choice in named if isinstance(named, list | tuple) else [named]:
        if reason := _why_unusable(choice):
            plugin.refuse(f"{getattr(choice, '__name__', repr(choice))} {reason}")
        else:
            yield choice


def _why_unusable(choice: Any) -> str | None:
    if not (isinstance(choice, type) and issubclass(choice, ChoiceSettings)):
        return "is no settings class of a choice: derive it from a slot's base, e.g. FeatureExtractorSettings"
    if not (isinstance(kind := kind_of_choice(choice), str) and kind):
        return 'has no kind: give it kind: Literal["NAME"] = Field("NAME", description=…)'
    if not isinstance(getattr(choice, "target", None), str):
        return "has no target: the import path of what it configures"
    return None


PLUGGED_CHOICES = PluginGroup(SUBMODULES, read=_read_choices)
"""The settings classes that plug-ins add; a slot takes those that derive from its base."""
