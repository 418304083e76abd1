"""What all composites share: a recipe for their checkpoints, and callbacks of their own."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NoReturn

from pytorch_lightning import Callback, LightningModule
from pytorch_lightning.plugins import MixedPrecision
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import nn
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.optim import Optimizer

from nested_lightning.app.checkpoints.recipe import Recipe
from nested_lightning.app.errors import UserError
from nested_lightning.app.training.checkpoint_content import RecipeWriter
from nested_lightning.app.training.meanings import Meaning, meanings_of_lists
from nested_lightning.app.training.optimization import (
    OptimizerFactory,
    ScheduleFactory,
    configure_single_optimizer,
)


class Composite(LightningModule):
    """A Lightning module that conducts injected submodules.

    Args:
        recipe: What is written into each checkpoint, so that the file is enough to build this again;
            None: the checkpoint holds weights alone.
        callbacks: Run in each training of this composite, besides those of the Trainer, e.g. to write
            pictures. The run folder is ``trainer.default_root_dir``.
    """

    def __init__(self, *, recipe: Recipe | None = None, callbacks: Sequence[Callback] = ()) -> None:
        super().__init__()
        self.recipe = recipe
        self._callbacks = list(callbacks)

    @classmethod
    def load_from_checkpoint(cls, checkpoint_path: Any, *_: Any, **__: Any) -> NoReturn:
        """Refuse Lightning's own way, which can't know what was injected.

        Raises:
            UserError: Always; it says how the model is had.
        """
        raise UserError(
            f"{cls.__name__} is built of injected submodules, by a container:"
            f" family_container(from_checkpoint('{checkpoint_path}')).model() of nested_lightning gives it"
        )

    clipping_setting: ClassVar[str] = "trainer.gradient_clip_norm"
    """What has gradients clipped."""

    made_anew: ClassVar[Sequence[str]] = ()
    """What follows from data and settings alone: weights of another model never take its place."""

    def meanings(self, data_spec: Mapping[str, Any]) -> Iterable[Meaning]:
        """Return what entries of weights of these data stand for, by which another model takes them over."""
        return meanings_of_lists(data_spec)

    @property
    def untrained(self) -> Sequence[str]:
        """Paths of submodules that the settings leave without a gradient; a check reports all others."""
        return ()

    @property
    def submodule_notes(self) -> Mapping[str, str]:
        """What a check notes about single submodules besides their sizes, by path."""
        return {}

    @property
    def compiled_modules(self) -> Sequence[nn.Module]:
        """What its steps call, and ``torch.compile`` compiles where that is wanted."""
        return (self,)

    def configure_callbacks(self) -> list[Callback]:
        """Return the composite's own callbacks, and what writes its recipe where no other does."""
        others: Sequence[Callback] = self.trainer.callbacks  # type: ignore[attr-defined]
        has_writer = any(isinstance(one, RecipeWriter) for one in others)
        return self._callbacks if has_writer else [*self._callbacks, RecipeWriter()]

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip gradients as the Trainer is set, with a fused optimiser and bf16 too.

        Lightning refuses that for the sake of scaled gradients, and those of bf16 are not scaled.

        Raises:
            UserError: The optimiser is fused, and the gradients of fp16 are still scaled when it gets them.
        """
        precision = self.trainer.precision_plugin
        is_fused_and_mixed = isinstance(precision, MixedPrecision) and optimizer.defaults.get("fused")
        if not gradient_clip_val or not is_fused_and_mixed:
            self.clip_gradients(optimizer, gradient_clip_val, gradient_clip_algorithm)
        elif getattr(precision, "scaler", None) is None:
            trained = [each for group in optimizer.param_groups for each in group["params"]]
            clip = clip_grad_value_ if gradient_clip_algorithm == "value" else clip_grad_norm_
            clip(trained, gradient_clip_val)
        else:
            raise UserError(
                f"{self.clipping_setting} can't be used with a fused optimiser and 16-mixed: "
                "set the optimiser's is_fused=false, or trainer.precision=bf16-mixed"
            )

    def log_whole(self, values: Mapping[str, Any]) -> None:
        """Log final values of an epoch, which every process has computed from the samples of all of them.

        From the hooks at the end of an epoch alone, ``on_train_epoch_end`` and its kin.
        """
        self.log_dict(dict(values), sync_dist=self.trainer.world_size > 1)  # asked for by Lightning


class OneOptimizerComposite(Composite):
    """A composite that is trained as a whole by one optimiser.

    Args:
        optimizer: Factory of the optimiser.
        schedule: Factory of the learning-rate schedule.
        **options: See `Composite`.
    """

    def __init__(self, *, optimizer: OptimizerFactory, schedule: ScheduleFactory, **options: Any) -> None:
        super().__init__(**options)
        self._optimizer_factory = optimizer
        self._schedule_factory = schedule

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Build the injected optimiser and schedule."""
        return configure_single_optimizer(self, self._optimizer_factory, self._schedule_factory)
