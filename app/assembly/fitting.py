"""Whether weights fit a model, found out before the model takes any memory."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from nested_lightning.app.errors import UserError
from nested_lightning.app.seam.meta_device import on_meta

_MOST_TIMES = 2
_SLACK = 1000
_MAX_REASON = 300


def refuse_unfit_weights(build: Callable[[], nn.Module], weights: Mapping[str, Tensor]) -> None:
    """Build a model on ``meta`` and compare its names and shapes with those of the weights.

    Raises:
        UserError: They don't fit.
        Exception: The model can't be built.
    """
    with on_meta(), _parameters_limited(_MOST_TIMES * len(weights) + _SLACK):
        model = build()
        try:
            model.load_state_dict({name: value.to("meta") for name, value in weights.items()})
        except (KeyError, RuntimeError) as error:
            reason = " ".join(str(error).split())[:_MAX_REASON]
            raise UserError(f"its weights don't fit its recipe: {reason}") from error


@contextmanager
def _parameters_limited(limit: int) -> Iterator[None]:
    """Allow at most ``limit`` parameters to be made in this thread: on ``meta`` they cost only time."""
    thread, count = threading.get_ident(), 0

    def count_one(*_: Any) -> None:
        nonlocal count
        count += threading.get_ident() == thread
        if count > limit:
            raise UserError("its weights don't fit its recipe, which asks for many times more of them")

    hook = register_module_parameter_registration_hook(count_one)
    try:
        yield
    finally:
        hook.remove()
