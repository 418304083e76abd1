"""Calls of a module as if it were on ``meta``: shapes of its output without any computation."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.func import functional_call


@contextmanager
def on_meta_alike(module: nn.Module) -> Iterator[Callable[[Any], Any]]:
    """Yield what calls a module, in evaluation mode, with a tuple of arguments on ``meta``.

    What is made within the block is on ``meta``; the module itself stays where it is.
    """
    state = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    on_meta = {name: torch.empty_like(value, device="meta") for name, value in state.items()}
    is_training = module.training
    module.eval()
    try:
        with torch.no_grad(), torch.device("meta"):
            yield partial(functional_call, module, on_meta)
    finally:
        module.train(is_training)
