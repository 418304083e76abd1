"""What Lightning's callbacks, loggers and arguments are tried with."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytorch_lightning.callbacks as lightning
from pytorch_lightning import Callback

from nested_lightning.settings.choices.callbacks import CALLBACKS
from nested_lightning.settings.choices.loggers import LOGGERS
from tests.campaign.documented import Documented, documented

LOGGER_OPTIONS: Mapping[str, Mapping[str, Any]] = {"wandb": {"offline": True}, "comet": {"online": False}}
CALLBACK_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "ema_weight_averaging": {"decay": 0.9, "update_starting_at_step": 3},
    "stochastic_weight_averaging": {"swa_epoch_start": 1, "annealing_epochs": 2},
    "early_stopping": {"monitor": "val_loss", "patience": 2},
    "model_checkpoint": {"monitor": "val_loss", "save_top_k": 2},
    "on_exception_checkpoint": {"dirpath": "own/checkpoints"},
    "timer": {"duration": "00:01:00:00"},
    "model_pruning": {"pruning_fn": "l1_unstructured"},
    "gradient_accumulation_scheduler": {"scheduling": {0: 1, 1: 2}},
    "throughput_monitor": {"window_size": 2},
}
VALUES: Mapping[str, Any] = {
    "limit_train_batches": 3,
    "limit_val_batches": 1,
    "limit_test_batches": 1,
    "overfit_batches": 3,
    "val_check_interval": 2,
    "accumulate_grad_batches": 2,
    "gradient_clip_val": 0.01,
    "gradient_clip_algorithm": "value",
    "num_sanity_val_steps": 1,
    "reload_dataloaders_every_n_epochs": 1,
    "min_epochs": 2,
    "min_steps": 2,
    "detect_anomaly": True,
    "inference_mode": False,
    "max_time": "00:01:00:00",
    "profiler": "simple",
    "benchmark": True,
    "sync_batchnorm": True,
    "plugins": ["LightningEnvironment"],
    "fast_dev_run": 2,
}
BESIDES: Mapping[str, Mapping[str, Any]] = {
    "gradient_clip_val": {"gradient_clip_norm": None},
    "gradient_clip_algorithm": {"gradient_clip_val": 0.01, "gradient_clip_norm": None},
    "benchmark": {"is_deterministic": False},
    "min_epochs": {"early_stopping_patience": 1},
}
"""What an argument is given with."""
TIMED = {"device_stats_monitor", "throughput_monitor"}
"""What they log is another each time."""


class _Writer(lightning.BasePredictionWriter):
    """Writes nothing."""


class _Finetuning(lightning.BaseFinetuning):
    """Freezes nothing."""

    def freeze_before_training(self, pl_module: Any) -> None:
        """Do nothing."""

    def finetune_function(self, pl_module: Any, epoch: int, optimizer: Any) -> None:
        """Do nothing."""


OVERRIDES: Mapping[str, Callable[[], Callback]] = {
    "LambdaCallback": lambda: lightning.LambdaCallback(on_train_epoch_end=lambda *_: None),
    "BasePredictionWriter": lambda: _Writer(),
    "BaseFinetuning": _Finetuning,
    "BackboneFinetuning": lightning.BackboneFinetuning,
    "LearningRateFinder": lambda: lightning.LearningRateFinder(num_training_steps=5),
    "BatchSizeFinder": lambda: lightning.BatchSizeFinder(max_trials=1, steps_per_trial=1),
    "StochasticWeightAveraging": lambda: lightning.StochasticWeightAveraging(0.01, swa_epoch_start=1),
    "SpikeDetection": lightning.SpikeDetection,
    "TQDMProgressBar": lightning.TQDMProgressBar,
    "RichProgressBar": lightning.RichProgressBar,
}


@dataclass(frozen=True)
class Thing:
    """A callback, logger or argument of Lightning's.

    Attributes:
        group: ``callback``, ``override``, ``logger`` or ``argument``.
        said: What the page says of it.
        trainer: Settings of the trainer that have it.
        overrides: Makes what is overridden.
    """

    group: str
    said: Documented
    trainer: Mapping[str, Any] = field(default_factory=dict)
    overrides: Callable[[], Mapping[str, Any]] = dict

    @property
    def name(self) -> str:
        """Its name on the page."""
        return self.said.name


def all_things() -> Iterator[Thing]:
    """Yield each thing that Lightning has, by group."""
    said = documented("kind")
    for kind in CALLBACKS.choices:
        item = {"kind": kind, **CALLBACK_OPTIONS.get(kind, {})}
        yield Thing("callback", said[kind], {"callbacks": {"one": item}})
    said = documented("callback")
    for name, make in OVERRIDES.items():
        yield Thing("override", said[name], overrides=lambda make=make: {"trainer.callbacks.one": make()})  # type: ignore[misc]
    for kind in LOGGERS.choices:
        item = {"kind": kind, **LOGGER_OPTIONS.get(kind, {})}
        yield Thing("logger", Documented(kind, (), "yes"), {"loggers": {"one": item}})
    said = documented("argument")
    for name, value in VALUES.items():
        yield Thing("argument", said[name], {name: value, **BESIDES.get(name, {})})
