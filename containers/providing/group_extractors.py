"""From settings to the feature extractor of a group, by the sort of the group."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from nested_lightning.app.assembly.calls import signature_of, why_not_called
from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.containers.providing.choices import build_chosen, import_target
from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.multi_feature import GROUP_EXTRACTORS

SORTS = {"picture_size": "pictures", "max_length": "text", "num_steps": "sequences"}
"""Sorts of groups, by the keyword that their extractors alone are given."""


def build_group_extractor(
    of_columns: Callable[..., Any],
    of_others: Mapping[str, Callable[..., Any]],
    choices: Mapping[str, ChoiceSettings],
    group: str,
    **kwargs: Any,
) -> Any:
    """Build the extractor of a group: by its own choice where it has one, else by the default for its sort.

    Args:
        of_columns: Builds that of numbers and categories.
        of_others: Builds those of other sorts, by the keyword that they alone are given, see `SORTS`.
        choices: Of groups that have one of their own, by name.
        group: Its name.
        **kwargs: Passed on; they tell the sort.

    Raises:
        CompositionError: The choice is for groups of another sort; names those that fit.
    """
    if group in choices:
        return _build_own(choices[group], group, kwargs)
    for keyword, make in of_others.items():
        if keyword in kwargs:
            return make(**kwargs)
    return of_columns(**kwargs)


def _build_own(choice: ChoiceSettings, group: str, kwargs: Mapping[str, Any]) -> Any:
    if not _takes(choice, kwargs):
        sort = next((SORTS[keyword] for keyword in kwargs if keyword in SORTS), "numbers and categories")
        fitting = [kind for kind, one in GROUP_EXTRACTORS.choices.items() if _takes(one(), kwargs)]
        path = f"multi_feature.feature_extractors.{group}"
        message = f"{path}: group '{group}' is of {sort}, which kind={choice.kind} doesn't read"
        raise CompositionError(f"{message}; those that do are {', '.join(fitting)}", path=path)
    return build_chosen(choice, **kwargs)


def _takes(choice: ChoiceSettings, kwargs: Mapping[str, Any]) -> bool:
    return _can_be_called(import_target(choice.target), frozenset([*choice.arguments(), *kwargs]))


@lru_cache
def _can_be_called(made: Callable[..., Any], names: frozenset[str]) -> bool:
    return why_not_called(signature_of(made), (), dict.fromkeys(names)) is None
