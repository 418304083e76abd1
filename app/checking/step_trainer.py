"""Stand-in for the Trainer in single steps, which log and score nothing and need no training."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any

from pytorch_lightning import LightningModule
from pytorch_lightning.core.optimizer import LightningOptimizer
from pytorch_lightning.loggers.logger import DummyLogger
from pytorch_lightning.plugins import Precision
from torch import Tensor, nn
from torch.optim import Optimizer
from torchmetrics import Metric, MetricCollection

from nested_lightning.app.checking.error_places import TrainerNeededError
from nested_lightning.app.temporary_attributes import temporary_attributes

NUM_STEPS = 1000
"""Steps of the training that a schedule learns of."""


class StepTrainer:
    """Stands for the Trainer while single steps are checked: gradients are computed, no weight is moved.

    Args:
        model: The composite.
    """

    estimated_stepping_batches = NUM_STEPS
    num_training_batches = NUM_STEPS
    global_step = 0
    current_epoch = 0
    max_epochs = 1
    world_size = 1
    global_rank = 0
    is_global_zero = True
    sanity_checking = False
    accumulate_grad_batches = 1
    gradient_clip_val: float | None = None
    gradient_clip_algorithm: str | None = None
    ckpt_path: str | None = "checked without weights"
    datamodule: Any = None
    logger = DummyLogger()
    loggers = (logger,)

    def __init__(self, model: LightningModule) -> None:
        self.model = self.lightning_module = model
        self.optimizers: list[Optimizer] = []
        self.lr_scheduler_configs: list[Any] = []
        self.strategy = StepStrategy()
        self.precision_plugin = Precision()
        progress = SimpleNamespace(increment_ready=_nothing, increment_completed=_nothing)
        optimization = SimpleNamespace(optim_step_progress=progress)
        self.fit_loop = SimpleNamespace(epoch_loop=SimpleNamespace(manual_optimization=optimization))

    def __getattr__(self, name: str) -> Any:
        raise TrainerNeededError(f"it asks the Trainer for '{name}', which only a training has")

    def use(self, configured: Any) -> None:
        """Take what ``configure_optimizers`` returned, and let the model's ``optimizers`` give it out."""
        self.optimizers = list_optimizers(configured)
        wrapped = [StepOptimizer(optimizer, self.model) for optimizer in self.optimizers]
        given = wrapped[0] if len(wrapped) == 1 else wrapped
        plain = self.optimizers[0] if len(wrapped) == 1 else self.optimizers
        self.model.__dict__["optimizers"] = lambda use_pl_optimizer=True: given if use_pl_optimizer else plain


class StepStrategy:
    """Computes gradients."""

    def backward(self, loss: Tensor, optimizer: Any, *args: Any, **kwargs: Any) -> None:
        """Compute gradients."""
        loss.backward(*args, **kwargs)

    def optimizer_step(self, optimizer: Optimizer, closure: Any, *args: Any, **kwargs: Any) -> Any:
        """Call the closure, which computes gradients, and leave the weights as they are."""
        return closure()


class StepOptimizer(LightningOptimizer):
    """An optimiser as ``LightningModule.optimizers`` gives it out, which never moves the model's weights."""

    def __init__(self, optimizer: Optimizer, model: LightningModule) -> None:
        super().__init__(optimizer)
        self.model = model

    @contextmanager
    def toggle_model(self, sync_grad: bool = True) -> Iterator[None]:
        """Let only the parameters of this optimiser have gradients within the block."""
        self.model.toggle_optimizer(self)
        yield
        self.model.untoggle_optimizer(self)

    def step(self, closure: Callable[[], Any] | None = None, **kwargs: Any) -> Any:
        """Call the closure, if there is one, which computes gradients."""
        return closure() if closure is not None else None


def list_optimizers(configured: Any) -> list[Optimizer]:
    """Return the optimisers in what ``configure_optimizers`` returned, in any of Lightning's forms."""
    if configured is None:
        return []
    if isinstance(configured, Optimizer):
        return [configured]
    if isinstance(configured, dict):
        return [configured["optimizer"]]
    if len(configured) == 2 and isinstance(configured[0], list):
        configured = configured[0]
    return [optimizer for entry in configured for optimizer in list_optimizers(entry)]


def unlogged(model: LightningModule) -> AbstractContextManager[None]:
    """Leave out what a step logs: there is no logger."""
    return temporary_attributes(model, log=_nothing, log_dict=_nothing)


@contextmanager
def without_scores(model: nn.Module) -> Iterator[None]:
    """Leave out torchmetrics' scores, which are made of values."""
    with ExitStack() as left_out:
        for each in model.modules():
            if isinstance(each, Metric | MetricCollection):
                left_out.enter_context(temporary_attributes(each, update=_nothing, forward=_nothing))
        yield


def _nothing(*args: Any, **kwargs: Any) -> None:
    """Stand for a call that is left out."""
