"""What parts that were trained elsewhere have in common: a library's network, and where its weights are."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from nested_lightning.app.submodules.pretrained.files import NONE, PretrainedFiles


@dataclass(frozen=True, kw_only=True)
class FirstWeights:
    """The pretrained weights of a part, and how a network loads them.

    Args:
        weights: Where they are, see `PretrainedFiles`; ``none``: nowhere, and the network keeps its own.
        sha256: Digest that they must have; None: any.
        take: Called with a network, ``weights`` and ``sha256``; loads them, and says in words what was taken.
    """

    weights: str
    sha256: str | None
    take: Callable[..., str]


class PretrainedPart(nn.Module):
    """A library's network that was trained elsewhere; how it is called, a part's class says.

    Args:
        network: The network, with initial weights.
        first_weights: What it begins with in a training.
    """

    def __init__(self, *, network: Any, first_weights: FirstWeights) -> None:
        super().__init__()
        self.network = network
        self._first_weights = first_weights

    def load_first_weights(self) -> str | None:
        """Load the weights that the part was trained to, and say what was taken; None: there are none.

        Raises:
            UserError: The files aren't there, aren't whole, or are of another part.
        """
        first = self._first_weights
        is_none = first.weights == NONE
        return None if is_none else first.take(self.network, weights=first.weights, sha256=first.sha256)

    def first_weights_files(self) -> tuple[Path, ...]:
        """Return the files of safetensors that have them."""
        named = self._first_weights.weights
        return () if named == NONE else PretrainedFiles(named).weights
