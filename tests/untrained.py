"""Models with initial weights where a test needs predictions, and not good ones."""

from typing import Any

from dependency_injector import providers


def as_if_trained(container: Any) -> Any:
    """Return a family's container whose predictor and evaluator take its model as it is."""
    container.model.override(providers.Object(container.model().eval()))
    return container
