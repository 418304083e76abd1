"""What a wiring function takes: its data, its model, its parts, plain values."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pytorch_lightning import LightningDataModule, LightningModule

from nested_lightning.app.assembly.expected import Expected, described
from nested_lightning.app.assembly.wiring.arguments import declared_parts
from nested_lightning.app.assembly.wiring.parts import Declaration
from nested_lightning.app.assembly.wiring.wired_calls import WiredCalls, wired_calls
from nested_lightning.app.assembly.wiring.wiring import MODEL
from nested_lightning.app.errors import UserError
from nested_lightning.app.own.composer import DATA
from nested_lightning.app.own.lightning_packages import refuse_other_base
from nested_lightning.containers.owning.signatures import plain_arguments


@dataclass(frozen=True)
class PartPlan:
    """One part of a wiring function, what has to come of it, and how it is called."""

    declaration: Declaration
    expected: Expected
    wired: WiredCalls

    @property
    def each(self) -> str | None:
        """The name of the settings that all of several parts start from."""
        return self.declaration.each


@dataclass(frozen=True)
class WiringPlan:
    """What a wiring function takes.

    Attributes:
        function: The function.
        data: What makes the datamodule: its class, or a function; None: there is none.
        takes_data: Whether the function has a parameter for it.
        model: The composite's class; None: the function makes it itself.
        model_wired: What the function gives the composite.
        parts: Its parts by name.
        plain: Names of its plain parameters.
    """

    function: Callable[..., Any]
    data: Callable[..., Any] | None
    takes_data: bool
    model: Callable[..., Any] | None
    model_wired: WiredCalls
    parts: Mapping[str, PartPlan]
    plain: tuple[str, ...]

    @property
    def sections(self) -> set[str]:
        """The names of the settings of parts, and of what several parts start from."""
        return {one for name, plan in self.parts.items() for one in (name, plan.each) if one}


def parts_of(function: Callable[..., Any]) -> dict[str, PartPlan]:
    """Return the parts of a wiring function by name; none of anything else."""
    function = inspect.unwrap(function)
    declared = declared_parts(function)
    return {name: PartPlan(*one, wired_calls(function, name)) for name, one in declared.items()}


def plan_of(function: Callable[..., Any], *, data_maker: Callable[..., Any] | None = None) -> WiringPlan:
    """Return what a wiring function takes; ``data_maker`` makes its datamodule, else its ``data`` does.

    Raises:
        UserError: It is no function, ``data`` or ``model`` has no type, or a parameter is no setting.
    """
    if not inspect.isfunction(function):
        raise UserError(
            f"{described(function)} is no wiring function; a module with nothing injected is given as"
            " family('NAME', model=…, data=…)"
        )
    hints = inspect.get_annotations(function, eval_str=True)
    parameters = inspect.signature(function).parameters
    parts = parts_of(function)
    plain = tuple(one.name for one in plain_arguments(function, may_be_required=True))
    plain = tuple(name for name in plain if name not in (MODEL, DATA))
    model = (get_args(hints.get(MODEL)) or (None,))[0] if MODEL in parameters else None
    data = data_maker or (hints.get(DATA) if DATA in parameters else None)
    for name in parameters.keys() - {*parts, *plain, MODEL, DATA}:
        raise UserError(
            f"{function.__name__}: the parameter {name} is neither a part ({name}: Part[…] = part(…)) nor of"
            " a plain type"
        )
    for name, one in parts.items():
        if one.each == name:
            raise UserError(
                f"{function.__name__}: {name} would stand for two things: give each=… another name"
            )
    if nameless := [name for name, part in parts.items() if not part.declaration.kinds]:
        raise UserError(
            f"{function.__name__}: {', '.join(nameless)} names no kinds: declare it as part(conv=ConvEncoder)"
        )
    if DATA in parameters and data_maker is None and not isinstance(data, type):
        raise UserError(f"{function.__name__}: annotate data with the class of your LightningDataModule")
    if MODEL in parameters and not isinstance(model, type):
        raise UserError(f"{function.__name__}: annotate model as Part[YourLightningModule]")
    for name, kind, base in ((MODEL, model, LightningModule), (DATA, data, LightningDataModule)):
        if isinstance(kind, type):
            refuse_other_base(kind, base, f"{function.__name__}: {name}")
    calls = wired_calls(function, MODEL)
    return WiringPlan(function, data, DATA in parameters, model, calls, parts, plain)
