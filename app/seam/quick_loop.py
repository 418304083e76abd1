"""Lightning's training loop with less in between: what it asks anew in each step is asked once an epoch.

Of a step of a small model, a third went into calls that in the end do nothing.
"""

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from pytorch_lightning import Callback, Trainer
from pytorch_lightning.loops.fetchers import _DataFetcher
from pytorch_lightning.loops.optimization.automatic import ClosureResult, _AutomaticOptimization
from pytorch_lightning.loops.training_epoch_loop import _TrainingEpochLoop
from pytorch_lightning.plugins import Precision
from pytorch_lightning.profilers import PassThroughProfiler
from pytorch_lightning.strategies import SingleDeviceStrategy
from pytorch_lightning.trainer import call
from pytorch_lightning.utilities.model_helpers import is_overridden
from pytorch_lightning.utilities.signature_utils import is_param_in_hook_signature
from torch import Tensor
from torch.optim import SGD, Adam, AdamW, Optimizer
from typing_extensions import override

from nested_lightning.app.seam.prepared_adam import PreparedAdam, can_be_prepared, has_state

_HOOKS = ("on_before_zero_grad", "on_before_backward", "on_after_backward", "on_before_optimizer_step")
_STEPS = ("optimizer_step", "optimizer_zero_grad", "backward", "lr_scheduler_step")
_OPTIMIZERS = (Adam, AdamW, SGD)
"""They take a step from gradients that are there, and needn't compute the loss themselves."""


class QuickEpochLoop(_TrainingEpochLoop):
    """One epoch of training, as Lightning's own: the same steps, hooks, counters and checkpoints."""

    def __init__(self, trainer: Trainer, *, min_steps: int | None, max_steps: int) -> None:
        super().__init__(trainer, min_steps=min_steps, max_steps=max_steps)
        self.automatic_optimization = QuickOptimization(trainer)
        self._takes_index = True

    @override
    def on_run_start(self, data_fetcher: _DataFetcher) -> None:
        """Find out what stays as it is until the end of the epoch."""
        super().on_run_start(data_fetcher)
        step = self.trainer.lightning_module.training_step
        self._takes_index = is_param_in_hook_signature(step, "batch_idx", min_args=2)
        assert isinstance(self.automatic_optimization, QuickOptimization)
        self.automatic_optimization.prepare()

    @override
    def _build_kwargs(
        self, kwargs: OrderedDict[str, Any], batch: Any, batch_idx: int
    ) -> OrderedDict[str, Any]:
        kwargs["batch"] = batch
        if self._takes_index:
            kwargs["batch_idx"] = batch_idx
        return kwargs


class QuickOptimization(_AutomaticOptimization):
    """One step: loss, gradients, hooks, optimiser.

    Where the precision, the strategy, the optimiser or the model has a way of its own to do any of it, and
    where gradients are gathered over batches, Lightning's own step is taken.
    """

    def __init__(self, trainer: Trainer) -> None:
        super().__init__(trainer)
        self._is_plain = False
        self._groups: list[dict[str, Any]] = []
        self._num_groups = 0
        self._parameters: list[Tensor] = []
        self._can_prepare = False
        self._adam: PreparedAdam | None = None
        self._hooks: dict[str, list[Callable[..., Any]]] = {}

    def prepare(self) -> None:
        """Find out which hooks there are, and whether a step is a plain one, until this is called again."""
        self._is_plain = _is_plain(self.trainer)
        self._groups = self.trainer.optimizers[0].param_groups if self.trainer.optimizers else []
        self._num_groups = len(self._groups)
        self._parameters = [parameter for group in self._groups for parameter in group["params"]]
        self._can_prepare = all(map(can_be_prepared, self.trainer.optimizers))
        if self._adam is not None and not (self._can_prepare and self._adam.fits(*self.trainer.optimizers)):
            self._adam = None
        self._hooks = {name: _hooks(self.trainer, name) for name in _HOOKS}

    @override
    def run(self, optimizer: Optimizer, batch_idx: int, kwargs: OrderedDict[str, Any]) -> dict[str, Any]:
        """Take one step; return the loss, and what else the model's step returned, by name."""
        if optimizer.param_groups is not self._groups or len(self._groups) != self._num_groups:
            self.prepare()  # a callback has loaded a state or added a group
        if not self._is_plain:
            return super().run(optimizer, batch_idx, kwargs)
        trainer, progress = self.trainer, self.optim_progress.optimizer
        progress.step.increment_ready()
        with torch.enable_grad():
            output = call._call_lightning_module_hook(trainer, "training_step", *kwargs.values())
            is_loss = isinstance(output, Tensor)
            result = None if is_loss else ClosureResult.from_training_step_output(output)
            loss = output if result is None else result.closure_loss
            progress.zero_grad.increment_ready()
            self._call("on_before_zero_grad", optimizer)
            progress.zero_grad.increment_started()
            for parameter in self._parameters:
                parameter.grad = None
            progress.zero_grad.increment_completed()
            if loss is not None:
                self._call("on_before_backward", loss)
                loss.backward()
                self._call("on_after_backward")
        self._call("on_before_optimizer_step", optimizer)
        trainer.precision_plugin._clip_gradients(
            trainer.lightning_module, optimizer, trainer.gradient_clip_val, trainer.gradient_clip_algorithm
        )
        self._step(optimizer)
        progress.step.increment_completed()
        if result is None:
            return {"loss": output.detach()}
        return result.asdict() if result.loss is not None else {}

    def _step(self, optimizer: Optimizer) -> None:
        if self._adam is not None:
            self._adam.step()
            return
        optimizer.step()
        if self._can_prepare and has_state(optimizer):
            self._adam = PreparedAdam(optimizer)

    def _call(self, name: str, *args: Any) -> None:
        if not self._hooks[name]:
            return
        module = self.trainer.lightning_module
        before, module._current_fx_name = module._current_fx_name, name
        for hook in self._hooks[name]:
            hook(*args)
        module._current_fx_name = before


def _is_plain(trainer: Trainer) -> bool:
    module, strategy = trainer.lightning_module, trainer.strategy
    return (
        type(trainer.precision_plugin) is Precision
        and type(strategy) is SingleDeviceStrategy
        and strategy.model is module
        and trainer.accumulate_grad_batches == 1
        and module.automatic_optimization
        and type(trainer.profiler) is PassThroughProfiler  # type: ignore[attr-defined]
        and all(type(optimizer) in _OPTIMIZERS for optimizer in trainer.optimizers)
        and not any(is_overridden(name, module) for name in _STEPS)
    )


def _hooks(trainer: Trainer, name: str) -> list[Callable[..., Any]]:
    """Return the hook of each callback and of the model that has one of its own, in Lightning's order."""
    module, callbacks = trainer.lightning_module, trainer.callbacks  # type: ignore[attr-defined]
    given, empty = [getattr(callback, name) for callback in callbacks], getattr(Callback, name)
    own = [hook for hook in given if callable(hook) and getattr(hook, "__func__", None) is not empty]
    hooks: list[Callable[..., Any]] = [partial(hook, trainer, module) for hook in own]
    return [*hooks, getattr(module, name)] if is_overridden(name, module) else hooks
