"""Operations that give the same result each time, for as long as a training lasts."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from pytorch_lightning import LightningModule, Trainer
from typing_extensions import override

from nested_lightning.app.training.epoch_callback import TemporaryChange

_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"
_REPEATABLE = ":4096:8"
"""See https://docs.nvidia.com/cuda/cublas/#results-reproducibility."""


class Determinism(TemporaryChange):
    """Chooses torch's operations while the Trainer works, and puts the choice back afterwards.

    The Trainer's own option changes the whole process from the moment on at which a Trainer is built.

    Args:
        is_deterministic: Whether operations that differ from run to run are refused; ``warn``: warned of.
        use_benchmark: Whether cuDNN tries which of its operations is the fastest.
    """

    def __init__(self, *, is_deterministic: bool | Literal["warn"], use_benchmark: bool = False) -> None:
        self.is_deterministic, self.use_benchmark = is_deterministic, use_benchmark

    @override
    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        operations = deterministic_operations(self.is_deterministic, use_benchmark=self.use_benchmark)
        self.changes.enter_context(operations)


@contextmanager
def deterministic_operations(
    is_deterministic: bool | Literal["warn"], *, use_benchmark: bool = False
) -> Iterator[None]:
    """Refuse operations that differ from run to run inside the block, warn of them, or allow them."""
    was_on, was_warning = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    benchmark, cublas = torch.backends.cudnn.benchmark, os.environ.get(_CUBLAS)
    torch.use_deterministic_algorithms(bool(is_deterministic), warn_only=is_deterministic == "warn")
    torch.backends.cudnn.benchmark = use_benchmark or (benchmark and not is_deterministic)
    if is_deterministic:
        os.environ[_CUBLAS] = _REPEATABLE
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(was_on, warn_only=was_warning)
        torch.backends.cudnn.benchmark = benchmark
        if cublas is None:
            os.environ.pop(_CUBLAS, None)
        else:
            os.environ[_CUBLAS] = cublas
