"""What is searched, as the engine sees it."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from optuna.distributions import BaseDistribution


class SearchedParameter(Protocol):
    """A setting that is searched."""

    @property
    def path(self) -> str:
        """Dotted name of the setting."""

    @property
    def distribution(self) -> BaseDistribution:
        """What it may be."""

    @property
    def asked_when(self) -> Mapping[str, tuple[str, ...]]:
        """The kinds with which it exists, by the path of each choice that decides that; empty: always."""


class SearchSpace(Protocol):
    """All that is searched, a choice before what belongs to it."""

    @property
    def parameters(self) -> Sequence[SearchedParameter]:
        """What is searched."""

    def defaults(self) -> Mapping[str, Any]:
        """Return what the settings say without a search, by path: the first trial."""


def is_asked(parameter: SearchedParameter, drawn: Mapping[str, Any]) -> bool:
    """Return whether a parameter exists with what is drawn; a choice that isn't searched always fits."""
    conditions = parameter.asked_when.items()
    return all(choice not in drawn or drawn[choice] in kinds for choice, kinds in conditions)
