"""What can't be trained, whatever its batches: Lightning 2 refuses what modules of Lightning 1 have."""

import inspect
from collections.abc import Collection, Iterator

from pytorch_lightning import LightningModule
from torch.optim import Optimizer

from nested_lightning.app.checking.findings import Fault

_RENAMED = {
    "training_epoch_end": "on_train_epoch_end",
    "validation_epoch_end": "on_validation_epoch_end",
    "test_epoch_end": "on_test_epoch_end",
}


def refused_modules(model: LightningModule, *, root: str) -> Iterator[Fault]:
    """Yield a fault for layers that are built too late, and for what Lightning 2 calls or gives no more."""
    if type(model).setup is not LightningModule.setup and not any(True for _ in model.children()):
        hint = "build layers in the constructor, or in configure_model"
        what = "it has no layers before its setup, which only a Trainer calls"
        yield Fault(path=root, what=what, hint=hint)
    for name, instead in _RENAMED.items():
        if callable(getattr(model, name, None)):
            hint = f"write {instead}, which gets no outputs: keep what it needs of them in an attribute"
            yield Fault(path=root, what=f"{name} is a hook of Lightning 1", hint=hint)
    if "optimizer_idx" in inspect.signature(model.training_step).parameters:
        yield _several(root, "training_step takes optimizer_idx, as in Lightning 1")


def refused_optimizers(
    model: LightningModule, optimizers: Collection[Optimizer], *, root: str
) -> Iterator[Fault]:
    """Yield a fault where several optimisers are left to automatic optimisation."""
    if model.automatic_optimization and len(optimizers) > 1:
        yield _several(root, f"{len(optimizers)} optimisers with automatic optimisation")


def _several(root: str, what: str) -> Fault:
    hint = "set self.automatic_optimization = False, and step those of self.optimizers() in training_step"
    return Fault(path=root, what=what, hint=hint)
