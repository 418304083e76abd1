"""What parts that were trained elsewhere have in common: a library's network, and where its weights are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.func import functional_call

from nested_lightning.app.submodules.pretrained.files import NONE, PretrainedFiles


class PretrainedPart(nn.Module):
    """A library's network that was trained elsewhere; how it is called, a part's class says.

    Args:
        network: The network, with initial weights.
        weights: Where those are that it begins with in a training, see `PretrainedFiles`; ``none``: nowhere,
            and it keeps its own.
        sha256: Digest that they must have; None: any.
        take: Called with the network, ``weights`` and ``sha256``; loads them, and says in words what was
            taken.
    """

    def __init__(self, *, network: Any, weights: str, sha256: str | None, take: Callable[..., str]) -> None:
        super().__init__()
        self.network = network
        self._weights, self._sha256, self._take = weights, sha256, take

    def load_first_weights(self) -> str | None:
        """Load the weights that the part was trained to, and say what was taken; None: there are none.

        Raises:
            UserError: The files aren't there, aren't whole, or are of another part.
        """
        is_none = self._weights == NONE
        return None if is_none else self._take(self.network, weights=self._weights, sha256=self._sha256)

    def first_weights_files(self) -> tuple[Path, ...]:
        """Return the files of safetensors that have them."""
        return () if self._weights == NONE else PretrainedFiles(self._weights).weights


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
