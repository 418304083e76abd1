"""What pretrained parts' configs hold: kept in the settings, and used to prepare their data."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from nested_lightning.app.errors import errors_naming
from nested_lightning.containers.providing.choices import import_target
from nested_lightning.settings.application import ApplicationSettings, change_settings, parse_settings
from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.choices.pretrained import PretrainedSettings
from nested_lightning.settings.describing.walking import dotted
from nested_lightning.settings.reading.layers import Names
from nested_lightning.settings.reading.merging import merge, nest_at


def with_descriptions(settings: ApplicationSettings) -> ApplicationSettings:
    """Return settings in which each pretrained part has its config, and the digest of its weights.

    So a recipe has them, and a part is built of its config, wherever its weights were. What is known already
    stays as it is.

    Raises:
        UserError: What a part is, is nowhere said; names the part.
    """
    changes: dict[str, Any] = {}
    for names, choice in _pretrained_below((), getattr(settings, settings.family.section)):
        if choice.config is None:
            with errors_naming(f"{settings.family.section}.{dotted(names)}"):
                found = import_target(choice.described_by)(**choice.looked_for())
            given = choice.model_dump(exclude_none=True)
            known = {name: value for name, value in found.items() if name not in given}
            changes = merge(changes, nest_at((settings.family.section, *names), known))
    return settings.changed(changes) if changes else settings


def without_weights(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return recorded settings in which pretrained parts are known by their config alone.

    Their weights then come from a checkpoint.
    """
    parsed = parse_settings(settings)
    section = parsed.family.section
    changes: dict[str, Any] = {}
    for names, choice in _pretrained_below((), getattr(parsed, section)):
        changes = merge(changes, nest_at((section, *names), choice.without_weights()))
    return change_settings(settings, changes) if changes else dict(settings)


def preparation_for(choice: ChoiceSettings | None) -> Any:
    """Return how a pretrained part wants its pictures or texts; None: it isn't one, or doesn't say."""
    if not isinstance(choice, PretrainedSettings):
        return None
    return import_target(choice.prepared_by)(**choice.prepared_from())


def preparation_by_name(
    choices: Mapping[str, ChoiceSettings], defaults: Mapping[str, ChoiceSettings], name: str, sort: str
) -> Any:
    """Return how the part ``name`` wants its inputs: by its own choice, or else by that for its sort."""
    return preparation_for(choices.get(name, defaults.get(sort)))


def _pretrained_below(names: Names, place: Any) -> Iterator[tuple[Names, PretrainedSettings]]:
    if isinstance(place, PretrainedSettings):
        yield names, place
    inner = place if isinstance(place, Mapping) else vars(place) if isinstance(place, BaseModel) else {}
    for name, value in inner.items():
        yield from _pretrained_below((*names, str(name)), value)
