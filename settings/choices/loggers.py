"""Choices of loggers besides metrics.csv, under Lightning's words.

Passwords and keys are no settings, which checkpoints hold: the packages read them from variables of theirs.
"""

import re
from typing import Annotated

from pydantic import Field, field_validator

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.numbers import Count
from nested_lightning.settings.slot import Slot


class LoggerSettings(ChoiceSettings, module="nested_lightning.app.training.reporting"):
    """What every logger has: nothing but its kind."""


class TensorBoardSettings(LoggerSettings, kind="tensorboard", target=".loggers.TensorBoard"):
    """TensorBoard's event files, in the folder ``tensorboard`` of the run folder."""


class CsvSettings(LoggerSettings, kind="csv", target=".loggers.Csv"):
    """Lightning's own CSV file, in a folder of the run folder by the logger's name."""

    flush_logs_every_n_steps: Count = Field(100, description="Logged steps from one write to the next.")


class WandbSettings(LoggerSettings, kind="wandb", target=".remote_loggers.Wandb"):
    """Weights & Biases; the variable WANDB_API_KEY has the key."""

    project: str = Field("nested-lightning", description="Project.")
    entity: str | None = Field(None, description="User or team; null: the key's own.")
    name: str | None = Field(None, description="Name of the run; null: a random one.")
    group: str | None = Field(None, description="Group of runs.")
    tags: list[str] = Field([], description="Tags of the run.")
    offline: bool = Field(False, description="Write only to the run folder; `wandb sync` sends it later.")


class MlflowSettings(LoggerSettings, kind="mlflow", target=".remote_loggers.Mlflow"):
    """MLflow; the variables MLFLOW_TRACKING_USERNAME, _PASSWORD and _TOKEN let one in."""

    experiment_name: str = Field("nested-lightning", description="Experiment.")
    run_name: str | None = Field(None, description="Name of the run; null: a random one.")
    tracking_uri: str | None = Field(
        None, description="Address of the server, or sqlite:///FILE; null: mlflow.db in the run folder."
    )
    tags: dict[str, str] = Field({}, description="Tags of the run.")

    @field_validator("tracking_uri")
    @classmethod
    def _hold_no_password(cls, uri: str | None) -> str | None:
        if uri and re.search(r"//[^/@]*:[^/@]*@", uri):
            raise ValueError(
                "checkpoints hold settings, so a password can't be one: set the variables"
                " MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
            )
        return uri


class CometSettings(LoggerSettings, kind="comet", target=".remote_loggers.Comet"):
    """Comet; the variable COMET_API_KEY has the key."""

    workspace: str | None = Field(None, description="Workspace; null: the key's own.")
    project: str = Field("nested-lightning", description="Project.")
    name: str | None = Field(None, description="Name of the experiment; null: a random one.")
    tags: list[str] = Field([], description="Tags of the experiment.")
    online: bool = Field(
        True, description="False: write only to the run folder; `comet upload` sends it later."
    )


LOGGERS = Slot(base=LoggerSettings, default="tensorboard")
Logger = Annotated[LoggerSettings, LOGGERS]
