"""Parameters with a learning rate or a weight decay of their own."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from pytorch_lightning import LightningModule
from torch import Tensor, nn
from torch.optim import Optimizer

_OPTIONS = "optimizer_options"

_lock = threading.RLock()


def set_optimizer_options(parameters: Iterable[nn.Parameter], **options: float) -> None:
    """Give parameters options of the optimiser, such as ``lr``, over those that they were given before."""
    for parameter in parameters:
        setattr(parameter, _OPTIONS, getattr(parameter, _OPTIONS, {}) | options)


def mark_as_singled_out(parameters: Iterable[nn.Parameter]) -> None:
    """Note that parameters are to be treated by themselves, e.g. since they are frozen for a while."""
    for parameter in parameters:
        setattr(parameter, _OPTIONS, getattr(parameter, _OPTIONS, {}))


def are_singled_out(parameters: Iterable[nn.Parameter]) -> bool:
    """Return whether any of the parameters is to be treated by itself, or was given options of its own."""
    return any(hasattr(parameter, _OPTIONS) for parameter in parameters)


def heed_options(model: LightningModule) -> None:
    """Let the optimisers of a module, however it builds them, give parameters their own options.

    Where parameters of one group differ in them, each set of options has a group, and those without any are
    in the first one. Schedules are built after that, and so know all groups.
    """
    vars(model)["configure_optimizers"] = partial(_configure, model)


def _configure(model: LightningModule) -> Any:
    with _splitting_groups():
        return type(model).configure_optimizers(model)


@contextmanager
def _splitting_groups() -> Iterator[None]:
    with _lock:
        add_group = Optimizer.add_param_group

        def add_groups(self: Optimizer, param_group: dict[str, Any]) -> None:
            for group in _split(param_group):
                add_group(self, group)

        Optimizer.add_param_group = add_groups  # type: ignore[method-assign]
        try:
            yield
        finally:
            Optimizer.add_param_group = add_group  # type: ignore[method-assign]


def _split(group: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a group for each set of options; the one without any first."""
    given = group["params"]
    by_options: dict[tuple[tuple[str, float], ...], list[Any]] = {(): []}
    for member in [given] if isinstance(given, Tensor) else given:
        parameter = member[1] if isinstance(member, tuple) else member  # with its name
        by_options.setdefault(tuple(sorted(getattr(parameter, _OPTIONS, {}).items())), []).append(member)
    for options, members in by_options.items():
        if members or len(by_options) == 1:
            yield {**group, "params": members, **dict(options)}
