"""A logger's ``experiment`` where only numbers are kept."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor


class NumbersAlone:
    """Stands for ``self.logger.experiment``: logs numbers by name, and warns that all else is dropped."""

    def __init__(self, log: Callable[[Mapping[str, Any], int | None], None]) -> None:
        self._log = log

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Log those of the values that are numbers."""
        self._log({name: value for name, value in metrics.items() if _is_number(value)}, step)

    log = log_metrics

    def add_scalar(self, tag: str, scalar_value: Any, global_step: int | None = None, *_: Any) -> None:
        """Log one number, as TensorBoard's writer does."""
        self.log_metrics({tag: scalar_value}, global_step)

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("_"):
            raise AttributeError(name)
        warnings.warn(
            f"metrics.csv holds numbers alone, so that self.logger.experiment.{name} writes nothing; set"
            " trainer.use_tensorboard=true",
            stacklevel=2,
        )
        return _nothing


def _nothing(*_: Any, **__: Any) -> None:
    """Stand for a call that writes something that isn't kept."""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) or (isinstance(value, Tensor) and value.numel() == 1)
