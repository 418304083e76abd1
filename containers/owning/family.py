"""``family``: makes a wiring function a family, with settings, a container and commands."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, overload

from nested_lightning.app.assembly.wiring.parts import Declaration, Part
from nested_lightning.app.assembly.wiring.wired import wired
from nested_lightning.app.errors import UserError
from nested_lightning.containers.owning.descriptor import family_of
from nested_lightning.containers.owning.own_container import own_container
from nested_lightning.containers.owning.own_settings import own_settings
from nested_lightning.containers.owning.plan import WiringPlan, plan_of
from nested_lightning.containers.owning.signatures import (
    argument_names,
    defaulted_arguments,
    plain_arguments,
    summary_of,
)
from nested_lightning.settings.families import is_family_name
from nested_lightning.settings.family import Family, Preset
from nested_lightning.settings.predictor import RECORD_FORMATS, InputFiles, PredictorInterface
from nested_lightning.settings.reading.merging import merge

F = TypeVar("F", bound=Callable[..., Any])
Defaults = dict[str, Any] | None
Presets = Mapping[str, Preset] | None


_PREDICTOR = PredictorInterface(
    summary="What the module's predict_step gives for each row of the datamodule's predict_dataloader.",
    inputs=InputFiles(
        name="files",
        description="What the datamodule's attribute predict_paths is set to; else it is left as it is.",
        are_many=True,
        are_needed=False,
    ),
    formats={"jsonl": RECORD_FORMATS["jsonl"], **RECORD_FORMATS},
)


@overload
def family(
    name: str,
    *,
    model: type[Any],
    data: Callable[..., Any] | None = ...,
    defaults: Defaults = ...,
    presets: Presets = ...,
) -> Any: ...
@overload
def family(
    name: str, *, data: Callable[..., Any] | None = ..., defaults: Defaults = ..., presets: Presets = ...
) -> Callable[[F], F]: ...
def family(
    name: str,
    *,
    model: type[Any] | None = None,
    data: Callable[..., Any] | None = None,
    defaults: Defaults = None,
    presets: Presets = None,
) -> Any:
    """Make a wiring function a family of this name.

    What comes of it has the same signature, and can be called as with `wired`. With ``model`` it is no
    decorator: a module that has nothing injected needs no function.

    Args:
        name: Name on the command line, small letters, digits and dashes.
        model: A LightningModule with nothing injected.
        data: The datamodule's class, or a function that makes it and may have parts; None: the class that the
            function's parameter ``data`` is annotated with.
        defaults: Settings of the whole application that differ for this family, nested.
        presets: Named sets of settings, or functions over them, for ``--preset``.

    Raises:
        UserError: The name can't be one, or the function's parameters can't be providers.
    """
    if not is_family_name(name):
        raise UserError(f"'{name}' can't be a family's name: take small letters, digits and dashes")

    def decorate(function: F) -> F:
        plan = plan_of(function, data_maker=data)
        section = name.replace("-", "_")
        settings = own_settings(plan, name=name)
        made = wired(section)(function)
        described = Family(
            name=name,
            summary=summary_of(function, name),
            settings=settings,
            container=own_container(plan, settings, section=section),
            predictor=_PREDICTOR,
            defaults=merge(_declared_policies(plan, section), defaults or {}),
            presets=presets or {},
            defined_by=[one for one in (function, plan.data, plan.model) if one],
            origin=(family_of, made),
        )
        made.family = described  # type: ignore[attr-defined]
        return made

    return decorate if model is None else decorate(_unwired(model))


def _declared_policies(plan: WiringPlan, section: str) -> dict[str, Any]:
    """Return the first weights and policies that declarations of parts give, as settings."""
    policies = {
        f"{section}.{_place_of(name, one.declaration)}": dict(one.declaration.policy)
        for name, one in plan.parts.items()
    }
    given = {path: policy for path, policy in policies.items() if policy}
    return {"submodules": given} if given else {}


def _place_of(name: str, declaration: Declaration) -> str:
    """Return the path of a part, or the pattern of several."""
    return (declaration.at or f"{name}.{{}}").replace("{}", "*") if declaration.is_plural else name


def _unwired(model: type[Any]) -> Callable[..., Any]:
    """Return a wiring function of a module that has nothing injected.

    Raises:
        UserError: Its constructor needs what no setting can give.
    """
    settable = {one.name for one in plain_arguments(model, may_be_required=True)}
    given = {*settable, *defaulted_arguments(model)}
    if lacking := [name for name in argument_names(model) if name not in given]:
        raise UserError(
            f"{model.__name__} takes {', '.join(lacking)}, which no setting gives: write a wiring function"
            " that does (`nested-lightning new family NAME` writes an example), or annotate what is plain,"
            f" as in {lacking[0]}: int"
        )

    def wire(model: Any) -> Any:
        return model()

    wire.__annotations__ = {"model": Part[model], "return": model}  # type: ignore[valid-type]
    wire.__doc__, wire.__module__ = model.__doc__, model.__module__
    return wire
