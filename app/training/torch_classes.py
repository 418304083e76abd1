"""Optimisers and schedules of torch by the names of their classes, with the arguments that these take."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType, ModuleType
from typing import Any, TypeVar

import torch
from torch import optim
from torch.nn import Parameter
from torch.optim import SGD, Optimizer, lr_scheduler
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from nested_lightning.app.errors import UserError, did_you_mean

T = TypeVar("T")
Options = Mapping[str, Any]
_STEPPING = "lightning_stepping"
_NONE: Options = MappingProxyType({})
_FUNCTION, _OTHERS = "takes a function, which no setting can be", "takes other schedules"
_REFUSED = {
    "SparseAdam": "takes sparse gradients alone, and submodules give dense ones",
    "LambdaLR": _FUNCTION,
    "MultiplicativeLR": _FUNCTION,
    "SequentialLR": _OTHERS,
    "ChainedScheduler": _OTHERS,
}


def build_torch_optimizer(
    params: Iterable[Parameter] | Iterable[dict[str, Any]],
    *,
    name: str,
    lr: float | None = None,
    weight_decay: float | None = None,
    options: Options = _NONE,
) -> Optimizer:
    """Build an optimiser of torch.

    Args:
        params: Parameters or parameter groups.
        name: Class in ``torch.optim``, e.g. ``RMSprop``.
        lr: Learning rate; None: the class's own.
        weight_decay: Weight decay; None: the class's own.
        options: What else the class is called with, by name.

    Raises:
        UserError: There is no such class, or it doesn't take that.
    """
    shared = {"lr": lr, "weight_decay": weight_decay}
    given = {**options, **{one: value for one, value in shared.items() if value is not None}}
    return _call(_find(optim, Optimizer, name), params, given, _try_optimizer)


def build_torch_schedule(
    optimizer: Optimizer,
    total_steps: int,
    *,
    name: str,
    options: Options = _NONE,
    interval: str = "epoch",
    frequency: int = 1,
    monitor: str = "val_loss",
) -> LRScheduler:
    """Build a schedule of torch that carries what Lightning needs to know, see `stepping_of`.

    Args:
        optimizer: Whose learning rate it varies.
        total_steps: Steps of the optimiser in the whole training; the class gets them by its options.
        name: Class in ``torch.optim.lr_scheduler``, e.g. ``CosineAnnealingLR``.
        options: What the class is called with, by name.
        interval: What it counts: ``epoch`` or ``step``.
        frequency: Of these, how many are between its steps.
        monitor: Logged value that ``ReduceLROnPlateau`` follows.

    Raises:
        UserError: There is no such class, or it doesn't take that.
    """
    del total_steps  # which its options may say
    rehearse = partial(_try_schedule, num_groups=len(optimizer.param_groups))
    schedule = _call(_find(lr_scheduler, LRScheduler, name), optimizer, options, rehearse)
    stepping = {"interval": interval, "frequency": frequency, "monitor": monitor}
    setattr(schedule, _STEPPING, stepping)
    return schedule


def stepping_of(schedule: LRScheduler) -> dict[str, Any]:
    """Return when Lightning is to step a schedule: after each step, unless it says otherwise itself."""
    stepping: dict[str, Any] = getattr(schedule, _STEPPING, {"interval": "step", "frequency": 1})
    return stepping


def _find(module: ModuleType, base: type[T], name: str) -> type[T]:
    classes = {
        one: value
        for one, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, base) and value is not base and one[0] != "_"
    }
    if name not in classes:
        same = [one for one in classes if one.lower() == name.lower()]
        near = f"; did you mean '{same[0]}'?" if same else did_you_mean(name, classes)
        allowed = ", ".join(one for one in classes if one not in _REFUSED)
        raise UserError(f"{module.__name__} has no class {name}{near} (allowed: {allowed})")
    if name in _REFUSED:
        raise UserError(f"{name} {_REFUSED[name]}; choose another class")
    return classes[name]


def _try_optimizer(build: Callable[[Any], Optimizer]) -> None:
    """Take a step with a tiny weight, since some options are only checked then."""
    weight = _weight()
    weight.grad = torch.ones_like(weight)
    build([weight]).step(lambda: 0.0)


def _try_schedule(build: Callable[[Any], Any], *, num_groups: int) -> None:
    """Take a step with that many tiny groups."""
    optimizer = SGD([{"params": [_weight()]} for _ in range(num_groups)], lr=0.1, momentum=0.9)
    schedule = build(optimizer)
    optimizer.step()
    schedule.step(*([1.0] if isinstance(schedule, ReduceLROnPlateau) else []))


def _weight() -> Parameter:
    return Parameter(torch.ones(2, 2, device="cpu"))  # a check makes all others on meta


def _call(kind: type[T], first: Any, options: Options, rehearse: Callable[[Callable[[Any], T]], None]) -> T:
    """Call a class with what its first parameter is, and with options, which are checked and tried."""
    _, *parameters = inspect.signature(kind).parameters.values()
    allowed = {one.name: one for one in parameters}
    for name in options:
        if name not in allowed:
            raise UserError(
                f"{kind.__name__} takes no option {name}{did_you_mean(name, allowed)}"
                f" (allowed: {', '.join(allowed)})"
            )
    needed = [one.name for one in parameters if one.default is one.empty and one.name not in options]
    if needed:
        raise UserError(f"{kind.__name__} needs {', '.join(needed)}: set them in its options")
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in options.items()}
    on_cpu = {name: value for name, value in given.items() if name != "capturable"}  # CUDA's alone
    try:
        rehearse(partial(kind, **on_cpu))
        return kind(first, **given)  # type: ignore[call-arg]
    except Exception as error:  # torch may raise anything for a wrong value
        reason = " ".join(str(error).split())
        raise UserError(
            f"{kind.__name__} can't be built with {given}: {reason or type(error).__name__}"
        ) from error
