"""The settings of a family of one's own, made of its wiring function's parameters."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, create_model, model_validator
from pytorch_lightning import LightningDataModule, LightningModule

from nested_lightning.app.assembly.wiring.composing import DATA
from nested_lightning.app.assembly.wiring.parts import Declaration
from nested_lightning.app.assembly.wiring.wiring import MODEL
from nested_lightning.app.errors import UserError
from nested_lightning.containers.owning.signatures import plain_arguments
from nested_lightning.settings.base import ChoiceSettings, Settings, complete_items
from nested_lightning.settings.slot import Slot


@dataclass(frozen=True)
class WiringPlan:
    """What a wiring function takes.

    Attributes:
        function: The function.
        data: The datamodule's class; None: it takes no data.
        model: The composite's class; None: the function makes it itself.
        parts: Its parts by name.
        plain: Names of its plain parameters.
    """

    function: Callable[..., Any]
    data: Callable[..., Any] | None
    model: Callable[..., Any] | None
    parts: Mapping[str, Declaration]
    plain: tuple[str, ...]


def plan_of(function: Callable[..., Any]) -> WiringPlan:
    """Return what a wiring function takes.

    Raises:
        UserError: The type of ``data`` or ``model`` isn't given, or a parameter is of no use as a setting.
    """
    hints = inspect.get_annotations(function, eval_str=True)
    parameters = inspect.signature(function).parameters
    parts = {name: one.default for name, one in parameters.items() if isinstance(one.default, Declaration)}
    plain = tuple(argument.name for argument in plain_arguments(function))
    model = (get_args(hints.get(MODEL)) or (None,))[0] if MODEL in parameters else None
    data = hints.get(DATA) if DATA in parameters else None
    for name in parameters.keys() - {*parts, *plain, MODEL, DATA}:
        raise UserError(
            f"{function.__name__}: the parameter {name} is neither a part ({name}: Part[…] = part(…)) nor a"
            " plain value with a default"
        )
    if nameless := [name for name, declaration in parts.items() if not declaration.kinds]:
        raise UserError(
            f"{function.__name__}: {', '.join(nameless)} names no kinds: declare it as part(conv=ConvEncoder)"
        )
    if DATA in parameters and not isinstance(data, type):
        raise UserError(f"{function.__name__}: annotate data with the class of your LightningDataModule")
    if MODEL in parameters and not isinstance(model, type):
        raise UserError(f"{function.__name__}: annotate model as Part[YourLightningModule]")
    for name, kind, base in ((MODEL, model, LightningModule), (DATA, data, LightningDataModule)):
        if isinstance(kind, type) and not issubclass(kind, base):
            raise UserError(
                f"{function.__name__}: {name} is a {kind.__name__}, which is no"
                f" pytorch_lightning.{base.__name__}; derive it from that (lightning.pytorch has others)"
            )
    return WiringPlan(function, data, model, parts, plain)


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
    validators = {"_complete_items": model_validator(mode="before")(_completing(plan.parts))}
    return create_model(
        f"{name.title().replace('-', '')}Settings",
        __base__=Settings,
        __doc__=inspect.getdoc(plan.function) or f"The family {name}.",
        __validators__=validators,  # type: ignore[arg-type]
        **fields,
    )


def _sections(plan: WiringPlan) -> Iterator[tuple[str, dict[str, Any]]]:
    if plan.data is not None:
        data = create_model("DataSettings", __base__=Settings, **_plain_fields(plan.data))
        yield "the datamodule", {DATA: (data, Field(data(), description="Where the data come from."))}
    own = {one: field for one, field in _plain_fields(plan.function).items() if one in plan.plain}
    yield "the wiring function", own
    if plan.model is not None:
        yield plan.model.__name__, _plain_fields(plan.model)
    for part, declaration in plan.parts.items():
        yield "the wiring function", dict(_part_fields(part, declaration))


def _plain_fields(maker: Callable[..., Any]) -> dict[str, Any]:
    return {
        one.name: (one.annotation, Field(one.default, description=one.description))
        for one in plain_arguments(maker)
    }


def _part_fields(part: str, declaration: Declaration) -> Iterator[tuple[str, Any]]:
    base = type(f"{part.title()}Choice", (ChoiceSettings,), {"__module__": __name__, "__doc__": f"{part}."})
    choices = {kind: _choice(base, kind, maker) for kind, maker in declaration.kinds.items()}
    default = next(iter(choices))
    slot = Slot(base=base, default=default, choices=[*choices.values()])
    chosen: Any = Annotated[base, slot]
    if declaration.is_plural:
        yield part, (dict[str, chosen], Field({}, description=f"Single {part}, by name."))
        if declaration.each:
            every = Field(choices[default](kind=default), description=f"What each of {part} starts from.")
            yield declaration.each, (chosen, every)
    elif declaration.is_optional:
        yield part, (chosen | None, Field(None, description=f"The part {part}; null: none."))
    else:
        yield part, (chosen, Field(choices[default](kind=default), description=f"The part {part}."))


def _choice(base: type[ChoiceSettings], kind: str, maker: Callable[..., Any]) -> type[ChoiceSettings]:
    summary = (inspect.getdoc(maker) or kind).splitlines()[0]
    fields = {name: field for name, field in _plain_fields(maker).items() if name != "kind"}
    fields["kind"] = (Literal[kind], Field(kind, description=summary))
    choice = create_model(f"{kind.title()}{base.__name__}", __base__=base, __doc__=summary, **fields)
    choice.target = staticmethod(maker)  # type: ignore[assignment]  # a function would become a method
    return choice


def _completing(parts: Mapping[str, Declaration]) -> Any:
    """Return a validator that lets an item without a kind start from the settings of each."""
    starts = {name: one.each for name, one in parts.items() if one.each}

    def complete(_: type[Settings], values: Any) -> Any:
        for items, each in starts.items():
            values = complete_items(values, items=items, each=each)
        return values

    return classmethod(complete)
