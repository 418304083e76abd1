"""Choices of optimiser and of learning-rate schedule."""

from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.numbers import Count
from nested_lightning.settings.slot import Slot

Decay = Annotated[float, Field(ge=0, lt=1)]
Options = dict[str, bool | int | float | str | list[float] | None]
"""Arguments of a class of torch, which alone knows their bounds."""


class OptimizerSettings(ChoiceSettings, module="nested_lightning.app.training.optimizers"):
    """What every optimiser has."""

    lr: float = Field(1e-3, gt=0, description="Learning rate; a schedule may vary it.")
    weight_decay: float = Field(0.0, ge=0, description="Weight decay.")


class AdamSettings(OptimizerSettings, kind="adam", target=".build_adam"):
    """Adam (Kingma and Ba 2015); weight decay is an L2 penalty."""

    betas: tuple[Decay, Decay] = Field((0.9, 0.999), description="Decay of the two running means.")
    is_fused: bool = Field(True, description="One fused kernel for all parameters: faster, same results.")


class AdamWSettings(OptimizerSettings, kind="adamw", target=".build_adamw"):
    """AdamW (Loshchilov and Hutter 2019): Adam with decoupled weight decay."""

    weight_decay: float = Field(0.01, ge=0, description="Weight decay.")
    betas: tuple[Decay, Decay] = Field((0.9, 0.999), description="Decay of the two running means.")
    is_fused: bool = Field(True, description="One fused kernel for all parameters: faster, same results.")


class SgdSettings(OptimizerSettings, kind="sgd", target=".build_sgd"):
    """Stochastic gradient descent with momentum."""

    lr: float = Field(0.1, gt=0, description="Learning rate; a schedule may vary it.")
    momentum: float = Field(0.9, ge=0, lt=1, description="Momentum.")
    is_nesterov: bool = Field(False, description="Whether the momentum is Nesterov's.")
    is_fused: bool = Field(True, description="One fused kernel for all parameters: faster, same results.")

    @model_validator(mode="after")
    def _have_momentum(self) -> Self:
        if self.is_nesterov and not self.momentum:
            raise ValueError("is_nesterov needs a momentum above 0")
        return self


class TorchOptimizerSettings(
    OptimizerSettings,
    kind="torch",
    target="nested_lightning.app.training.torch_classes.build_torch_optimizer",
):
    """Any optimiser of torch by the name of its class."""

    name: str = Field(description="Class in torch.optim, e.g. RMSprop.")
    lr: PositiveFloat | None = Field(None, description="Learning rate; null: the class's own.")  # type: ignore[assignment]
    weight_decay: NonNegativeFloat | None = Field(None, description="Weight decay; null: the class's own.")  # type: ignore[assignment]
    options: Options = Field({}, description="Other arguments of the class, e.g. momentum.")

    @model_validator(mode="after")
    def _say_once(self) -> Self:
        if twice := [name for name in ("lr", "weight_decay") if name in self.options]:
            raise ValueError(f"{' and '.join(twice)} can't be among options: they have settings of their own")
        return self


class ScheduleSettings(ChoiceSettings, module="nested_lightning.app.training.schedules"):
    """What every schedule has: nothing but its kind."""


class ConstantScheduleSettings(ScheduleSettings, kind="constant", target=".build_constant"):
    """The optimiser's own learning rate throughout."""


class OneCycleScheduleSettings(ScheduleSettings, kind="one_cycle", target=".build_one_cycle"):
    """One rise to a peak, one long fall (Smith and Topin 2018)."""

    peak_factor: float = Field(10.0, gt=0, description="Peak as a multiple of the optimiser's lr.")
    warmup_fraction: float = Field(0.3, gt=0, lt=1, description="Share of the steps spent rising.")


class CosineScheduleSettings(ScheduleSettings, kind="cosine", target=".build_cosine"):
    """A linear warm-up, then half a cosine (Loshchilov and Hutter 2017)."""

    warmup_fraction: float = Field(0.05, ge=0, lt=1, description="Share of the steps spent rising.")
    final_factor: float = Field(0.0, ge=0, le=1, description="Last learning rate as a share of lr.")


class TorchScheduleSettings(
    ScheduleSettings, kind="torch", target="nested_lightning.app.training.torch_classes.build_torch_schedule"
):
    """Any schedule of torch by the name of its class."""

    name: str = Field(description="Class in torch.optim.lr_scheduler, e.g. CosineAnnealingLR.")
    options: Options = Field({}, description="Arguments of the class, e.g. T_max.")
    interval: Literal["epoch", "step"] = Field("epoch", description="What the schedule counts.")
    frequency: Count = Field(1, description="How many of these are between two of its steps.")
    monitor: str = Field("val_loss", description="Logged value that ReduceLROnPlateau follows.")

    @model_validator(mode="after")
    def _follow_epochs(self) -> Self:
        if self.name == "ReduceLROnPlateau" and self.interval == "step":
            raise ValueError("ReduceLROnPlateau follows validations: it needs interval: epoch")
        return self


OPTIMIZERS = Slot(base=OptimizerSettings, default="adam")
Optimizer = Annotated[OptimizerSettings, OPTIMIZERS]
OwnOptimizer = Annotated[OptimizerSettings, Slot(base=OptimizerSettings, default="adam")]
"""That of a single submodule."""
SCHEDULES = Slot(base=ScheduleSettings, default="one_cycle")
Schedule = Annotated[ScheduleSettings, SCHEDULES]
