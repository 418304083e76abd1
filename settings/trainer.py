"""Settings of the training itself, the same for every family."""

from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, Strict, ValidationInfo, field_validator

from nested_lightning.settings.base import Follows, Settings
from nested_lightning.settings.choices.callbacks import Callback
from nested_lightning.settings.choices.loggers import Logger, LoggerSettings, TensorBoardSettings
from nested_lightning.settings.monitoring import mode_of
from nested_lightning.settings.numbers import Count, Natural, Threads

Devices = Annotated[int, Field(ge=-1, le=2**16)] | list[Natural] | Annotated[str, Strict()]
Precision = Literal["auto", "32-true", "64-true", "16-mixed", "bf16-mixed", "bf16-true", "16-true"]


class TrainerSettings(Settings):
    """How long, where and how a model is trained, and what is kept of it."""

    gone = MappingProxyType({"log_every_n_steps": "metrics.csv has a line for each epoch"})

    max_epochs: Count = Field(60, description="Number of passes over the training part.")
    max_steps: int = Field(-1, ge=-1, le=2**31 - 1, description="Stop after that many steps; -1: no limit.")
    accelerator: Literal["auto", "cpu", "gpu", "cuda", "mps", "tpu"] = Field(
        "auto", description="Hardware to train on."
    )
    devices: Devices = Field("auto", description="Devices of a machine: how many, which, or auto.")
    num_nodes: Count = Field(1, description="Machines that train together, each with these devices.")
    strategy: str = Field("auto", description="How devices share the work: auto, ddp, …")
    use_distributed_sampler: bool = Field(
        True,
        description="Share the samples of a plain DataLoader among processes; false: its sampler or stream"
        " does so itself.",
    )
    precision: Precision = Field(
        "32-true",
        description="Number format of computation; auto: bf16-mixed where the device computes it natively,"
        " else 32-true.",
    )
    is_deterministic: bool = Field(True, description="Only operations that give the same result each time.")
    num_threads: Threads | Literal["auto"] | None = Field(
        None,
        description="CPU threads of one operation; auto: by batch size and weights; null: torch decides.",
    )
    use_compilation: bool = Field(False, description="Use torch.compile, for long trainings of large models.")
    use_channels_last: bool = Field(False, description="Convolutions' weights with channels last in memory.")
    gradient_clip_norm: NonNegativeFloat | None = Field(
        None, description="Largest norm of all gradients together; null: no clipping."
    )
    accumulate_grad_batches: Count = Field(1, description="Batches to one optimiser step.")
    monitor: str = Field("val_loss", description="Logged value that decides which checkpoint is best.")
    monitor_mode: Annotated[Literal["auto", "min", "max"], Follows("monitor")] = Field(
        "auto", description="Whether less or more of it is better; auto: as its name says, e.g. accuracy."
    )
    best_checkpoint: Literal["monitored", "newest"] = Field(
        "monitored",
        description="What best.ckpt is: of the validation with the best monitored value, or of the newest,"
        " for schedules that end at a rate of 0 and little to validate on.",
    )
    early_stopping_patience: Count | None = Field(
        None, description="Stop after that many validations without a better value; null: never."
    )
    val_every_n_epochs: Count = Field(1, description="Epochs from one validation to the next.")
    checkpoint_every_n_steps: Count | None = Field(
        None, description="Steps from one last.ckpt to the next, in mid-epoch too; null: by time alone."
    )
    checkpoint_every_n_seconds: Natural | None = Field(
        30, description="Seconds from one last.ckpt to the next, in mid-epoch too; null: by steps alone."
    )
    use_tensorboard: bool = Field(
        False, description="Write TensorBoard event files: short for loggers.tensorboard.kind=tensorboard."
    )
    use_progress_bar: bool = Field(True, description="Show how far the training is.")
    callbacks: dict[str, Callback] = Field({}, description="Callbacks besides the project's own, by a name.")
    loggers: dict[str, Logger] = Field({}, description="Loggers besides metrics.csv, by a name.")

    @property
    def all_loggers(self) -> dict[str, LoggerSettings]:
        """Those of ``loggers``, after TensorBoard where ``use_tensorboard`` asks for it."""
        return {**({"tensorboard": TensorBoardSettings()} if self.use_tensorboard else {}), **self.loggers}

    @field_validator("monitor_mode")
    @classmethod
    def _follow_the_monitor(cls, mode: str, info: ValidationInfo) -> str:
        monitor = info.data.get("monitor")
        if mode != "auto" or monitor is None:
            return mode
        known = mode_of(monitor)
        if known is None:
            raise ValueError(
                f"the name '{monitor}' doesn't say whether less or more is better: set min or max"
            )
        return known

    @field_validator("max_steps")
    @classmethod
    def _train_at_all(cls, max_steps: int) -> int:
        if max_steps == 0:
            raise ValueError("no step trains nothing; give at least 1, or -1 for no limit")
        return max_steps
