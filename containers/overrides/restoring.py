"""Overrides of a composite that is built again: rebuilt from the recipe, or given again."""

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from nested_lightning.app.checkpoints.recipe import RecordedOverride
from nested_lightning.app.errors import UserError
from nested_lightning.containers.overrides.provider_paths import OverridePathError, find_provider
from nested_lightning.containers.overrides.recording import with_options
from nested_lightning.containers.providing.declared import expected_of
from nested_lightning.containers.providing.slot_paths import find_choice
from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.describing.walking import names_of
from nested_lightning.settings.reading.errors import checked


class OverrideNeededError(UserError):
    """A composite was built with an override that has to be given again."""

    def __init__(self, source: object, overrides: Sequence[RecordedOverride]) -> None:
        self.overrides = list(overrides)
        super().__init__("\n".join(f"{source}: {_explain(override)}" for override in overrides))


def restore_overrides(
    application: Any,
    recorded: Sequence[RecordedOverride],
    given: Mapping[str, Any],
    *,
    source: object,
    is_for_training: bool,
) -> dict[str, Any]:
    """Return what has to be overridden so that a composite is built as it was.

    Args:
        application: The application's container.
        recorded: What the recipe says. Only the settings of registered choices are built from it.
        given: What is put in, by path; it takes the place of what is recorded.
        source: The file, for messages.
        is_for_training: Whether all of it is needed, or only what the model consists of.

    Raises:
        OverrideNeededError: Something isn't given that can't be built from the recipe.
        UserError: No such kind is registered any more.
        SettingsError: The options of a kind are wrong.
    """
    wanted: dict[str, Any] = {}
    lacking = []
    for each in recorded:
        if each.path in given:
            wanted[each.path] = with_options(
                given[each.path], each.options if each.source == "import" else {}
            )
        elif each.source == "registered":
            wanted[each.path] = build_choice(each.path, each.name, each.options)
        elif is_for_training or _is_part_of_model(application, each.path):
            lacking.append(each)
    if lacking:
        raise OverrideNeededError(source, lacking)
    return {**wanted, **{path: value for path, value in given.items() if path not in wanted}}


def build_choice(path: str, kind: str, options: Mapping[str, Any]) -> ChoiceSettings:
    """Return the settings of a registered kind that can stand at a provider's path.

    Raises:
        UserError: There is nothing to choose at this path, or not this kind.
        SettingsError: It doesn't have these options.
    """
    _, choice = find_choice(path, kind)
    return checked(choice, {"kind": kind, **options}, below=names_of(path))


def _is_part_of_model(application: Any, path: str) -> bool:
    try:
        return expected_of(find_provider(application, path)).may_be_module
    except OverridePathError:
        return True


def _explain(override: RecordedOverride) -> str:
    is_importable = override.source == "import"
    name = override.name if is_importable else "MODULE:NAME"
    option = f"--override {shlex.quote(f'{override.path}={name}')}"
    short = re.split(r"[:.]", name)[-1]
    return (
        f"{override.path} was overridden with {override.text}, and a file can't name code to import; give it"
        f" again: {option}, or in Python overrides={{{override.path!r}: {short}}}"
    )
