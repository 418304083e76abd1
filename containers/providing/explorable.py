"""Containers as a person explores them: the names in them, without those of the machinery."""

from typing import Any, Protocol

from dependency_injector import containers, providers


class ExplorableContainer(containers.DynamicContainer):
    """A container of which ``dir``, completion and ``repr`` show what is in it."""

    def __dir__(self) -> list[str]:
        return [*self.providers]

    def __repr__(self) -> str:
        return f"<container of {', '.join(self.providers)}>"


class ContainerProvider(providers.Container[Any]):
    """The same of a container that stands in another one."""

    def __dir__(self) -> list[str]:
        return [*self.container.providers]

    def __repr__(self) -> str:
        return f"<container of {', '.join(self.container.providers)}>"

    __str__ = __repr__


class FamilyContainer(Protocol):
    """What the container of every family has, for editors and mypy; each has its parts besides.

    Attributes:
        settings: The family's section of the settings.
        datamodule: The data, read once.
        data_spec: What is known of them.
        model: The composite; after a training, the one that it trained.
        recipe: What a checkpoint says of the composite.
        evaluator: Called with the name of a part of the data, gives its scores.
        answers: Called with files, gives what the trained composite answers.
        http_desk: Reads and answers requests over HTTP.
        http_router: Called, it gives routes for a FastAPI application, see `containers.serving.services`.
        training_run: Called, it trains and gives what that came to.
    """

    settings: providers.Provider[Any]
    datamodule: providers.Provider[Any]
    data_spec: providers.Provider[Any]
    model: providers.Provider[Any]
    recipe: providers.Provider[Any]
    evaluator: providers.Provider[Any]
    answers: providers.Provider[Any]
    http_desk: providers.Provider[Any]
    http_router: providers.Provider[Any]
    training_run: providers.Provider[Any]

    def __getattr__(self, part: str) -> Any:
        """Stand for the family's parts, such as ``head``, and ``predictor`` where it has one."""
