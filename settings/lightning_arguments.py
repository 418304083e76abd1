"""Settings that Lightning's Trainer is given as they are, under its own names."""

from typing import Annotated, Literal, Self

from pydantic import Field, Strict, field_validator, model_validator

from nested_lightning.settings.base import Settings
from nested_lightning.settings.numbers import Count, Natural

Devices = Annotated[int, Field(ge=-1, le=2**16)] | list[Natural] | Annotated[str, Strict()]
MAX = 2**31 - 1
Batches = Annotated[int, Strict(), Field(ge=0, le=MAX)] | Annotated[float, Field(ge=0, le=1)]
"""A number of batches, or a share of them: 1 is one batch, 1.0 all of them."""
SomeBatches = Annotated[int, Strict(), Field(gt=0, le=MAX)] | Annotated[float, Field(gt=0, le=1)]
"""The same, and not none."""


class LightningArguments(Settings):
    """How long and where Lightning trains, with how many of the batches, and what it looks for meanwhile."""

    max_epochs: Count = Field(60, description="Number of passes over the training part.")
    min_epochs: Count | None = Field(None, description="Passes before which nothing stops early.")
    max_steps: int = Field(-1, ge=-1, le=MAX, description="Stop after that many steps; -1: no limit.")
    min_steps: Count | None = Field(None, description="Steps before which nothing stops early.")
    accelerator: Literal["auto", "cpu", "gpu", "cuda", "mps", "tpu"] = Field(
        "auto", description="Hardware to train on."
    )
    devices: Devices = Field("auto", description="Devices of a machine: how many, which, or auto.")
    num_nodes: Count = Field(1, description="Machines that train together, each with these devices.")
    strategy: str = Field("auto", description="How devices share the work: auto, ddp, …")
    sync_batchnorm: bool = Field(False, description="Batch normalisation over the batches of all processes.")
    accumulate_grad_batches: Count = Field(1, description="Batches to one optimiser step.")
    limit_train_batches: SomeBatches = Field(
        1.0, description="Batches of an epoch: 1 is one batch, 1.0 all of them."
    )
    limit_val_batches: Batches = Field(
        1.0, description="Batches of a validation: 1 is one batch, 1.0 all; 0: no validation."
    )
    limit_test_batches: Batches = Field(
        1.0, description="Batches of the test after training: 1 is one batch, 1.0 all; 0: no test."
    )
    overfit_batches: Batches = Field(
        0.0, description="The same batches in each epoch, as many in a validation; 0.0: all batches."
    )
    val_check_interval: SomeBatches = Field(
        1.0, description="Batches from one validation to the next: a number of them, or a share of an epoch."
    )
    num_sanity_val_steps: Annotated[int, Field(ge=-1, le=MAX)] = Field(
        0, description="Validation batches that are tried before the first step; -1: all."
    )
    reload_dataloaders_every_n_epochs: Natural = Field(
        0, description="Epochs after which loaders are made anew; 0: never."
    )
    fast_dev_run: bool | Natural = Field(
        False, description="Try each loop with that many batches, true: one, and keep nothing of it."
    )
    detect_anomaly: bool = Field(False, description="Say which operation gave the first NaN; slow.")
    profiler: Literal["simple", "advanced", "pytorch"] | None = Field(
        None, description="Write to the run folder where the time goes; null: don't measure."
    )
    inference_mode: bool = Field(
        True, description="Validate and test in inference mode; false: only without gradients."
    )

    @field_validator("max_steps")
    @classmethod
    def _train_at_all(cls, max_steps: int) -> int:
        if max_steps == 0:
            raise ValueError("no step trains nothing; give at least 1, or -1 for no limit")
        return max_steps

    @model_validator(mode="after")
    def _end_after_the_least(self) -> Self:
        if self.min_epochs is not None and self.min_epochs > self.max_epochs:
            raise ValueError(f"min_epochs {self.min_epochs} is above max_epochs {self.max_epochs}")
        if self.min_steps is not None and 0 < self.max_steps < self.min_steps:
            raise ValueError(f"min_steps {self.min_steps} is above max_steps {self.max_steps}")
        return self
