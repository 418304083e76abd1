"""Settings of the training itself, the same for every family."""

import re
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeFloat, ValidationInfo, field_validator, model_validator

from nested_lightning.settings.base import Follows
from nested_lightning.settings.choices.callbacks import Callback
from nested_lightning.settings.choices.loggers import Logger, LoggerSettings, TensorBoardSettings
from nested_lightning.settings.lightning_arguments import LightningArguments
from nested_lightning.settings.monitoring import mode_of
from nested_lightning.settings.numbers import Count, Natural, Threads
from nested_lightning.settings.reading.errors import SettingsError

Precision = Literal["auto", "32-true", "64-true", "16-mixed", "bf16-mixed", "bf16-true", "16-true"]
Plugin = Literal[
    "LightningEnvironment",
    "TorchElasticEnvironment",
    "SLURMEnvironment",
    "LSFEnvironment",
    "MPIEnvironment",
    "KubeflowEnvironment",
]


class TrainerSettings(LightningArguments):
    """How long, where and how a model is trained, and what is kept of it."""

    gone = MappingProxyType({"log_every_n_steps": "metrics.csv has a line for each epoch"})
    elsewhere = MappingProxyType(
        {
            "logger": "metrics.csv is always written; trainer.use_tensorboard writes more",
            "enable_checkpointing": "best.ckpt and last.ckpt are always written; trainer.best_checkpoint and"
            " trainer.checkpoint_every_n_steps say which and when",
            "enable_progress_bar": "set trainer.use_progress_bar",
            "enable_model_summary": "the command check prints the model's submodules",
            "check_val_every_n_epoch": "set trainer.val_every_n_epochs",
            "deterministic": "set trainer.is_deterministic",
            "default_root_dir": "set run_dir",
            "limit_predict_batches": "predict answers every sample that it is given",
            "barebones": "a training here is checkpointed and logged; for a trial without set"
            " trainer.fast_dev_run",
            "enable_autolog_hparams": "settings.yaml in the run folder holds all settings",
            "model_registry": "name a checkpoint's file",
        }
    )

    use_distributed_sampler: bool = Field(
        True,
        description="Share the samples of a plain DataLoader among processes; false: its sampler or stream"
        " does so itself.",
    )
    plugins: list[Plugin] = Field(
        [], description="Who started the processes, by Lightning's name, where it can't be recognised."
    )
    max_time: str | None = Field(
        None, description="Longest time of one start, DAYS:HOURS:MINUTES:SECONDS; resume goes on."
    )
    precision: Precision = Field(
        "32-true",
        description="Number format of computation; auto: bf16-mixed where the device computes it natively,"
        " else 32-true.",
    )
    is_deterministic: bool | Literal["warn"] = Field(
        True, description="Only operations that give the same result each time; warn: others with a warning."
    )
    benchmark: bool = Field(False, description="Let cuDNN try which of its operations is the fastest.")
    num_threads: Threads | Literal["auto"] | None = Field(
        None,
        description="CPU threads of one operation; auto: by batch size and weights; null: torch decides.",
    )
    use_compilation: bool = Field(False, description="Use torch.compile, for long trainings of large models.")
    use_channels_last: bool = Field(False, description="Convolutions' weights with channels last in memory.")
    gradient_clip_norm: NonNegativeFloat | None = Field(
        None, description="Largest norm of all gradients together; null: no clipping."
    )
    gradient_clip_val: NonNegativeFloat | None = Field(
        None,
        description="Largest norm, or largest value, as gradient_clip_algorithm says; null: no clipping.",
    )
    gradient_clip_algorithm: Literal["norm", "value"] = Field(
        "norm", description="What gradient_clip_val bounds: all gradients' norm, or each value by itself."
    )
    monitor: str = Field("val_loss", description="Logged value that decides which checkpoint is best.")
    monitor_mode: Annotated[Literal["auto", "min", "max"], Follows("monitor")] = Field(
        "auto", description="Whether lower or higher values are better; auto: by its name, e.g. accuracy."
    )
    best_checkpoint: Literal["monitored", "newest"] = Field(
        "monitored",
        description="What best.ckpt is: of the validation with the best monitored value, or of the newest,"
        " for schedules that end at a rate of 0 and little to validate on.",
    )
    early_stopping_patience: Count | None = Field(
        None, description="Stop after that many validations without a better value; null: never."
    )
    val_every_n_epochs: Count | None = Field(
        1,
        description="Epochs from one validation to the next; null: val_check_interval counts across epochs.",
    )
    checkpoint_every_n_steps: Count | None = Field(
        None, description="Steps from one last.ckpt to the next, in mid-epoch too; null: by time alone."
    )
    checkpoint_every_n_seconds: Natural | None = Field(
        30, description="Seconds from one last.ckpt to the next, in mid-epoch too; null: by steps alone."
    )
    use_tensorboard: bool = Field(
        False, description="Write TensorBoard event files: short for loggers.tensorboard.kind=tensorboard."
    )
    use_report: bool = Field(
        True, description="Write report.html into the run folder at the end, with the extra report."
    )
    use_progress_bar: bool = Field(True, description="Show how far the training is.")
    callbacks: dict[str, Callback] = Field({}, description="Callbacks besides the project's own, by a name.")
    loggers: dict[str, Logger] = Field({}, description="Loggers besides metrics.csv, by a name.")

    @property
    def is_monitor_chosen(self) -> bool:
        """Whether somebody chose what is monitored, or stops by it; else it is what is usually logged."""
        usual = type(self).model_fields["monitor"].default
        return self.monitor != usual or self.early_stopping_patience is not None

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
            unknown = f"trainer.monitor = '{monitor}': the name doesn't say whether less or more is better"
            raise SettingsError([f"{unknown}; put it right, or set trainer.monitor_mode to min or max"])
        return known

    @field_validator("max_time")
    @classmethod
    def _name_a_time(cls, max_time: str | None) -> str | None:
        if max_time is not None and not re.fullmatch(r"\d+:\d\d:\d\d:\d\d", max_time):
            raise ValueError("write DAYS:HOURS:MINUTES:SECONDS, e.g. 00:12:00:00 for twelve hours")
        return max_time

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.gradient_clip_norm is not None and self.gradient_clip_val is not None:
            raise ValueError(
                f"gradient_clip_norm {self.gradient_clip_norm} and gradient_clip_val {self.gradient_clip_val}"
                " are two bounds; set one of them to null"
            )
        if self.gradient_clip_algorithm == "value" and self.gradient_clip_val is None:
            raise ValueError("gradient_clip_algorithm value needs gradient_clip_val, the largest value")
        if self.benchmark and self.is_deterministic is True:
            raise ValueError("benchmark chooses anew in each run: it needs is_deterministic: false")
        if self.val_every_n_epochs is None and not isinstance(self.val_check_interval, int):
            raise ValueError("val_every_n_epochs null needs val_check_interval, a number of batches")
        return self

    @property
    def clipped_at(self) -> float | None:
        """The bound of the gradients, whichever name it was given by; None: none."""
        return self.gradient_clip_val if self.gradient_clip_norm is None else self.gradient_clip_norm

    @property
    def longest_s(self) -> int | None:
        """The seconds of ``max_time``; None: no limit."""
        if self.max_time is None:
            return None
        days, hours, minutes, seconds = map(int, self.max_time.split(":"))
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
