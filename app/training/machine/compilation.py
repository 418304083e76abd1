"""Computation made faster for a training: compiled, and with the channels of pictures last in memory."""

import os
import shutil
from collections.abc import Sequence

import torch
from pytorch_lightning import LightningModule, Trainer
from torch import nn
from typing_extensions import override

from nested_lightning.app.errors import UserError
from nested_lightning.app.temporary_attributes import temporary_attributes
from nested_lightning.app.training.epoch_callback import EpochCallback, TemporaryChange

_RECOMPILATIONS = 16
"""For each module: training and evaluation, and some sizes of a batch; torch counts those of all together."""


class Compilation(TemporaryChange):
    """Has ``torch.compile`` compile what a composite computes in its steps.

    Names and weights stay as they are, and so do checkpoints. The first batch of each shape takes seconds to
    minutes, so that it pays for long trainings of large models alone.
    """

    def __init__(self, *, is_wanted: bool) -> None:
        self._is_wanted = is_wanted

    @override
    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Compile with the first batch.

        Raises:
            UserError: Code for the CPU is needed, and there is no C++ compiler.
        """
        if stage != "fit" or not self._is_wanted:
            return
        if trainer.strategy.root_device.type == "cpu":
            check_cpp_compiler()
        modules: Sequence[nn.Module] = getattr(pl_module, "compiled_modules", (pl_module,))
        limit = _RECOMPILATIONS * len(modules)
        self.changes.callback(torch.compiler.reset)
        for module in modules:
            forward = torch.compile(module.forward, recompile_limit=limit)  # type: ignore[call-overload]
            self.changes.enter_context(temporary_attributes(module, forward=forward))


class ChannelsLast(EpochCallback):
    """Lays out the weights of convolutions with channels last; values, names and shapes stay the same."""

    def __init__(self, *, is_wanted: bool) -> None:
        self._is_wanted = is_wanted

    @override
    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Lay out the weights before the optimisers take them."""
        if self._is_wanted and stage == "fit":
            pl_module.to(memory_format=torch.channels_last)


def check_cpp_compiler() -> None:
    """Look for the C++ compiler that ``torch.compile`` needs on a CPU.

    Raises:
        UserError: There is none.
    """
    names = [os.environ["CXX"]] if os.environ.get("CXX") else ["g++", "clang++", "c++"]
    if not any(map(shutil.which, names)):
        raise UserError(
            f"trainer.use_compilation=true needs a C++ compiler, and {' or '.join(names)} wasn't found:"
            " install g++ or clang++ (or name one in the variable CXX), or leave the setting off"
        )
