"""Base of loaders that replace another loader."""

from typing import Any

from nested_lightning.app.data.resumable_loader import ResumableLoader
from nested_lightning.app.random_numbers import hashed


class LoaderInPlace(ResumableLoader[Any]):
    """A loader that replaces another one and has its attributes.

    Args:
        loader: The other one.
        seed: Decides what is drawn, at least 0.
        is_for_training: Whether each epoch draws its own numbers; else all have those of the first.
        is_shared: Whether processes that train together share what it gives.
    """

    def __init__(
        self, loader: Any, *, seed: int, is_for_training: bool = True, is_shared: bool = True
    ) -> None:
        self.loader = loader
        self._seed = seed
        self._is_for_training = is_for_training
        self._is_shared = is_shared

    def __getattr__(self, name: str) -> Any:
        """Return what the other loader has under a name, e.g. its ``dataset``."""
        if name == "loader":
            raise AttributeError(name)  # not there yet, as in a copy
        return getattr(self.loader, name)

    def _seed_of(self, epoch: int) -> int:
        return hashed(self._seed, epoch if self._is_for_training else 0)
