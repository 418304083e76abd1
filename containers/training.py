"""The container of the training: Trainer, callbacks, loggers, the run folder."""

from pathlib import Path

from dependency_injector import providers
from dependency_injector.containers import DeclarativeContainer

from settings.trainer import TrainerSettings


class TrainingContainer(DeclarativeContainer):
    """Everything that trains a composite, whichever its family is."""
