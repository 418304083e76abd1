"""Train both models, and print where their checkpoints are: ``python -m commands.train``."""

import sys

import nested_lightning as nl
from containers import ServiceContainer
from nested_lightning.app.training.runs.result import TrainingResult


def train(container: ServiceContainer) -> list[TrainingResult]:
    """Train both models, one after the other."""
    try:
        return [_train(container.shapes_training()), _train(container.letters_training())]
    finally:
        container.shutdown_resources()


def _train(application: nl.ApplicationContainer) -> TrainingResult:
    result: TrainingResult = nl.family_container(application).training_run()()
    return result


if __name__ == "__main__":
    for trained in train(ServiceContainer()):
        sys.stdout.write(f"{trained.best_checkpoint}\n")
