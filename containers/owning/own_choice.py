"""The settings of a kind that a wiring function offers, and how it is built from them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from nested_lightning.app.assembly.wiring.arguments import choosing
from nested_lightning.app.assembly.wiring.composing import ItemMakers
from nested_lightning.app.assembly.wiring.making import make_here
from nested_lightning.containers.owning.plan import PartPlan
from nested_lightning.containers.providing.choices import build_named, build_target
from nested_lightning.settings.base import ChoiceSettings


class OwnChoice(ChoiceSettings):
    """Settings of a class, a function or a wiring function that a part may be built by.

    Attributes:
        parts: The parts of a wiring function, each with settings of its own among the fields.
        left_open: Fields that are None where whatever it is handed to gives them.
    """

    parts: ClassVar[Mapping[str, PartPlan]] = {}
    left_open: ClassVar[Collection[str]] = ()

    def arguments(self, makers: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return what the target is called with; ``makers`` may build the parts, by name."""
        values = super().arguments().items()
        given = {name: value for name, value in values if value is not None or name not in self.left_open}
        return wiring_arguments(given, self.parts, makers or {})

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what is built from it; its class was made from a signature and can't be imported."""
        return SentChoice, (self.target, self.arguments())


@dataclass(frozen=True)
class SentChoice:
    """What another process, or a copy of a model, receives of a choice."""

    target: Any
    given: dict[str, Any]

    def arguments(self, makers: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return what the target is called with."""
        return {**self.given, **(makers or {})}


def wiring_arguments(
    values: Mapping[str, Any], parts: Mapping[str, PartPlan], makers: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a wiring function is called with, but for what its caller gives."""
    each = {plan.each for plan in parts.values()}
    given = {name: value for name, value in values.items() if name not in each}
    for name, plan in parts.items():
        if not plan.declaration.is_plural:
            given[name] = makers.get(name, partial(build_part, values[name], {}))
        else:
            kind = partial(make_here, plan.declaration.kind())
            every = partial(build_part, values[plan.each], {}) if plan.each else kind
            of_settings = partial(build_named, every, values[name])
            given[name] = ItemMakers(makers.get(name, of_settings), values[name])
    return given


@choosing
def build_part(
    choice: OwnChoice | SentChoice | None, makers: Mapping[str, Any], *args: Any, **kwargs: Any
) -> Any:
    """Build what was chosen from its settings and what the wiring gives, which goes before them."""
    if choice is None:
        return None
    return build_target(choice.target, choice.arguments(makers), *args, **kwargs)
