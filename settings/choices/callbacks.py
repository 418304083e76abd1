"""Choices of callbacks besides our own: Lightning's, under its words and with its arguments.

Arguments that are functions are no settings; whoever needs one gives a callback by an override. Those of
Lightning's callbacks that are missing here can't be used by settings; docs/training.md has the reasons.
"""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.numbers import Count, Natural
from nested_lightning.settings.slot import Slot

Share = Annotated[float, Field(gt=0, lt=1)]

_OURS = "nested_lightning.app.training.lightning_callbacks"


class CallbackSettings(ChoiceSettings, module="pytorch_lightning.callbacks"):
    """What every callback has: nothing but its kind."""


class AveragingSettings(CallbackSettings, module="nested_lightning.app.training.averaging"):
    """What all averages of weights have."""

    device: str | None = Field(None, description="Where the average is kept; null: where the model is.")
    use_buffers: bool = Field(True, description="Average buffers too, e.g. those of batch normalisation.")


class WeightAveragingSettings(AveragingSettings, kind="weight_averaging", target=".build_weight_averaging"):
    """The mean of the weights after all steps, for validations, checkpoints and predictions."""


class EmaWeightAveragingSettings(AveragingSettings, kind="ema_weight_averaging", target=".EmaAveraging"):
    """An exponential moving average of the weights, for validations, checkpoints and predictions."""

    decay: Share = Field(0.999, description="What the average keeps of itself in each update.")
    update_every_n_steps: Count = Field(1, description="Steps from one update to the next.")
    update_starting_at_step: Natural | None = Field(
        None, description="Step of the first update; until then the average is the newest weights."
    )
    update_starting_at_epoch: Natural | None = Field(
        None, description="Update at the ends of epochs too, from this one on."
    )


class StochasticWeightAveragingSettings(
    AveragingSettings, kind="stochastic_weight_averaging", target=".StochasticAveraging"
):
    """The mean of the weights at the ends of the last epochs, with a learning rate of its own (SWA)."""

    swa_lrs: PositiveFloat = Field(1e-2, description="Learning rate of the epochs that are averaged.")
    swa_epoch_start: Count | Share = Field(
        0.8, description="First of these epochs, from 0, or which share of the epochs is before it."
    )
    annealing_epochs: Natural = Field(10, description="Epochs in which the learning rate comes to swa_lrs.")
    annealing_strategy: Literal["cos", "linear"] = Field("cos", description="How it comes there.")


class EarlyStoppingSettings(CallbackSettings, kind="early_stopping", target=".EarlyStopping"):
    """Stops where a value gets no better, reaches a threshold or is no number."""

    monitor: str = Field(description="Logged value.")
    mode: Literal["min", "max"] = Field("min", description="Whether lower or higher values are better.")
    patience: Natural = Field(3, description="Validations without a better value before it stops.")
    min_delta: NonNegativeFloat = Field(0.0, description="Least difference that is an improvement.")
    strict: bool = Field(True, description="Whether it's an error that nothing of that name is logged.")
    check_finite: bool = Field(True, description="Stop where the value is NaN or infinite.")
    stopping_threshold: float | None = Field(None, description="Stop where the value is better than this.")
    divergence_threshold: float | None = Field(None, description="Stop where it is worse than this.")
    check_on_train_epoch_end: bool | None = Field(
        None, description="Look after each epoch rather than after each validation; null: Lightning decides."
    )


class ModelCheckpointSettings(CallbackSettings, kind="model_checkpoint", target=".ModelCheckpoint"):
    """Checkpoints besides best.ckpt and last.ckpt."""

    dirpath: str | None = Field(
        None,
        description="Their folder; a relative path begins at the run folder; null: own/checkpoints in it.",
    )
    filename: str | None = Field(None, description="Name of a file, e.g. {epoch}-{val_loss:.2f}.")
    monitor: str | None = Field(
        None, description="Logged value that decides which are kept; null: the newest."
    )
    mode: Literal["min", "max"] = Field("min", description="Whether lower or higher values are better.")
    save_top_k: int = Field(1, ge=-1, le=2**31 - 1, description="How many are kept; -1: all.")
    save_weights_only: bool = Field(False, description="Leave out what only a training that goes on needs.")
    save_on_exception: bool = Field(False, description="Save where an exception ends the training too.")
    auto_insert_metric_name: bool = Field(True, description="Write epoch=3 for {epoch}, rather than 3.")
    every_n_train_steps: Natural | None = Field(None, description="Steps from one to the next.")
    every_n_epochs: Natural | None = Field(None, description="Epochs from one to the next.")
    save_on_train_epoch_end: bool | None = Field(
        None, description="Save after each epoch rather than after each validation; null: Lightning decides."
    )


class OnExceptionCheckpointSettings(
    CallbackSettings, kind="on_exception_checkpoint", target=".OnExceptionCheckpoint"
):
    """A checkpoint of the moment in which an exception ends the training."""

    dirpath: str = Field(description="Its folder; a relative path begins at the run folder.")
    filename: str = Field("on_exception", min_length=1, description="Its name, without .ckpt.")


class LearningRateMonitorSettings(
    CallbackSettings, kind="learning_rate_monitor", target=".LearningRateMonitor"
):
    """Logs the learning rate of each optimiser and group."""

    logging_interval: Literal["step", "epoch"] | None = Field(
        None, description="How often; null: as often as the schedule changes it."
    )
    log_momentum: bool = Field(False, description="Log the momentum or betas too.")
    log_weight_decay: bool = Field(False, description="Log the weight decay too.")


class DeviceStatsMonitorSettings(CallbackSettings, kind="device_stats_monitor", target=".DeviceStatsMonitor"):
    """Logs what the device and the CPU are doing."""

    cpu_stats: bool | None = Field(None, description="Log the CPU's too; null: where it is the device.")


class GradientAccumulationSchedulerSettings(
    CallbackSettings, kind="gradient_accumulation_scheduler", target=f"{_OURS}.AccumulationScheduler"
):
    """Changes how many batches make an optimiser step, epoch by epoch."""

    scheduling: dict[Natural, Count] = Field(
        description="Batches to a step, by the epoch from which on, counted from 0."
    )


class TimerSettings(CallbackSettings, kind="timer", target=".Timer"):
    """Stops a training after a time, which goes on where the training does."""

    duration: str | None = Field(
        None, pattern=r"^\d+:\d\d:\d\d:\d\d$", description="As DD:HH:MM:SS; null: it only counts."
    )
    interval: Literal["step", "epoch"] = Field("step", description="Whether it may stop in mid-epoch.")
    verbose: bool = Field(True, description="Say that the time is over.")


class ModelSummarySettings(CallbackSettings, kind="model_summary", target=".ModelSummary"):
    """Lists the submodules and their sizes before the training."""

    max_depth: int = Field(1, ge=-1, le=1000, description="Levels of submodules; -1: all.")


class RichModelSummarySettings(ModelSummarySettings, kind="rich_model_summary", target=".RichModelSummary"):
    """The same as a table."""


class ModelPruningSettings(CallbackSettings, kind="model_pruning", target=".ModelPruning"):
    """Sets the least weights to zero after each epoch."""

    pruning_fn: Literal["l1_unstructured", "random_unstructured"] = Field(
        description="Which weights: the least ones, or random ones."
    )
    amount: Share | Count = Field(0.5, description="Share or number of the weights, each time.")


class ThroughputMonitorSettings(
    CallbackSettings, kind="throughput_monitor", target=f"{_OURS}.build_throughput_monitor"
):
    """Logs batches and samples per second."""

    window_size: int = Field(100, ge=2, le=2**31 - 1, description="Batches of a mean.")


CALLBACKS = Slot(base=CallbackSettings, default="learning_rate_monitor")
Callback = Annotated[CallbackSettings, CALLBACKS]
