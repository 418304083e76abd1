"""The settings of a family of one's own, made of its wiring function's parameters."""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal, Union

from pydantic import Field, create_model, model_validator

from nested_lightning.app.assembly.calls import hints_of, signature_of, takes_any_keyword
from nested_lightning.app.errors import UserError
from nested_lightning.app.own.composer import DATA
from nested_lightning.containers.owning.own_choice import OwnChoice
from nested_lightning.containers.owning.plan import PartPlan, WiringPlan, parts_of
from nested_lightning.containers.owning.signatures import (
    argument_names,
    defaulted_arguments,
    plain_arguments,
    summary_of,
)
from nested_lightning.settings.base import Settings, complete_items, default_section
from nested_lightning.settings.slot import Slot

_TAKEN = frozenset(dir(OwnChoice))
"""What settings have already: an argument of such a name is none, and keeps its default."""
_LEFT_OPEN = "Null: what the part is handed to gives it."


def own_settings(plan: WiringPlan, *, name: str) -> type[Settings]:
    """Return the settings model of a family's section.

    Raises:
        UserError: A name stands for two things.
    """
    fields: dict[str, Any] = {}
    for label, more in _sections(plan):
        if taken := sorted(fields.keys() & more.keys()):
            raise UserError(f"{name}: {', '.join(taken)} would stand for two things: rename it in {label}")
        fields |= more
    return create_model(
        f"{name.title().replace('-', '')}Settings",
        __base__=Settings,
        __doc__=plan.function.__doc__ or f"The family {name}.",
        __validators__=_completing(plan.parts),
        **fields,
    )


def _sections(plan: WiringPlan) -> Iterator[tuple[str, dict[str, Any]]]:
    if plan.data is not None:
        data = _data_settings(plan.data)
        yield "the datamodule", {DATA: (data, default_section(data, "Where the data come from."))}
    own = _plain_fields(plan.function, may_be_required=True)
    yield "the wiring function", {one: field for one, field in own.items() if one in plan.plain}
    if plan.model is not None:
        wired = plan.model_wired.given_to(argument_names(plan.model))
        yield plan.model.__name__, _plain_fields(plan.model, wired, may_be_required=plan.model_wired.is_all)
    for part, one in plan.parts.items():
        yield "the wiring function", dict(_part_fields(part, one))


def _data_settings(maker: Callable[..., Any]) -> type[Settings]:
    fields, parts = _plain_fields(maker, may_be_required=True), parts_of(maker)
    for part, one in parts.items():
        fields |= dict(_part_fields(part, one))
    return create_model("DataSettings", __base__=Settings, __validators__=_completing(parts), **fields)


def _plain_fields(
    maker: Callable[..., Any], wired: Mapping[str, str] | None = None, *, may_be_required: bool
) -> dict[str, Any]:
    return {
        one.name: (one.annotation, Field(one.default, description=one.description))
        for one in plain_arguments(maker, wired=wired or {}, may_be_required=may_be_required)
        if one.name not in _TAKEN
    }


def _open_fields(maker: Callable[..., Any], wired: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings of a factory's arguments without a default, which it may get where it is called."""
    typed = hints_of(maker)
    return {
        one.name: (Union[one.annotation, None], Field(None, description=f"{one.description} {_LEFT_OPEN}"))  # noqa: UP007
        for one in plain_arguments(maker, wired=wired, may_be_required=True)
        if one.default is ... and one.name in typed and one.name not in _TAKEN
    }


def _part_fields(part: str, plan: PartPlan) -> Iterator[tuple[str, Any]]:
    base = type(f"{part.title()}Choice", (OwnChoice,), {"__module__": __name__, "__doc__": f"{part}."})
    choices = {kind: _choice(base, kind, maker, plan) for kind, maker in plan.declaration.kinds.items()}
    first = next(iter(choices))
    chosen: Any = Annotated[base, Slot(base=base, default=first, choices=[*choices.values()])]
    if plan.declaration.is_plural:
        yield part, (dict[str, chosen], Field({}, description=f"Single {part}, by name."))
        if plan.each:
            yield plan.each, (chosen, default_section(choices[first], f"What each of {part} starts from."))
    elif plan.declaration.is_optional:
        yield part, (chosen | None, Field(None, description=f"The part {part}; null: none."))
    else:
        yield part, (chosen, default_section(choices[first], f"The part {part}."))


def _choice(base: type[OwnChoice], kind: str, maker: Callable[..., Any], plan: PartPlan) -> type[OwnChoice]:
    summary = summary_of(maker, kind)
    wired, parts = plan.wired.given_to(argument_names(maker)), parts_of(maker)
    fields = _plain_fields(maker, wired, may_be_required=plan.wired.is_all)
    left_open = {} if plan.wired.is_all else _open_fields(maker, wired)
    fields |= left_open
    for name in ("kind", "target"):  # what a choice has already
        fields.pop(name, None)
    for part, one in parts.items():
        fields |= dict(_part_fields(part, one)) if part not in wired else {}
    kept = [one for one in defaulted_arguments(maker) if one not in (*wired, *fields)]
    fields["kind"] = (Literal[kind], Field(kind, description=summary))
    choice = create_model(
        f"{kind.title()}{base.__name__}",
        __base__=base,
        __doc__=summary,
        __validators__=_completing(parts),
        **fields,
    )
    choice.target = staticmethod(maker)  # type: ignore[assignment]  # a function would become a method
    choice.parts = {part: one for part, one in parts.items() if part not in wired}
    choice.wired, choice.takes_any = wired, takes_any_keyword(signature_of(maker))
    choice.kept, choice.left_open = kept, left_open.keys()
    return choice


def _completing(parts: Mapping[str, PartPlan]) -> dict[str, Any]:
    """Return validators that let an item without a kind start from the settings of each."""
    starts = {name: one.each for name, one in parts.items() if one.each}

    def complete(_: type[Settings], values: Any) -> Any:
        for items, each in starts.items():
            values = complete_items(values, items=items, each=each)
        return values

    validator: Any = classmethod(complete)
    return {"_complete_items": model_validator(mode="before")(validator)} if starts else {}
