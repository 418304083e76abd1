"""What the containers of all families have alike, made of what each of them has itself."""

from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar

from dependency_injector import providers
from dependency_injector.containers import DeclarativeContainer

from nested_lightning.app.answers import Answers
from nested_lightning.app.assembly import protocols
from nested_lightning.app.data.data_summary import summary_of
from nested_lightning.app.report.family_sections import FamilySections
from nested_lightning.app.serving.desk import Desk
from nested_lightning.containers.providing.chosen import attributes
from nested_lightning.containers.providing.declared import DeclaredFactory
from nested_lightning.containers.providing.trained import new_model, trained_model
from nested_lightning.containers.serving.services import make_router

ContainerT = TypeVar("ContainerT", bound=type[DeclarativeContainer])


def completed(
    *,
    answers: Callable[..., Answers],
    desk: Callable[..., Desk],
    examples: ModuleType,
    export: ModuleType,
    evaluator: type,
    sections: type,
) -> Callable[[ContainerT], ContainerT]:
    """Return what adds providers, and arguments of providers, to a family's container.

    The container has ``application``, ``settings`` and ``trainer``, and its own ``datamodule``, ``model`` and
    ``predictor``.

    Args:
        answers: Called with a predictor, files and the options of the family's predictor.
        desk: Called with a predictor; reads and answers requests over HTTP.
        examples: Makes ``example_batches``, which a check on ``meta`` sends through the model, and
            ``real_batches``, which one on the CPU does.
        export: Says what is exported by ``exports_of``, called with batches and the model, which is in
            evaluation mode and on the CPU; and has ``answer_by_graphs``.
        evaluator: Of a predictor's answers.
        sections: Of a report, besides those of every family; called with `report_arguments`, as is what is
            put in their place.
    """

    def complete(container: ContainerT) -> ContainerT:
        own: Any = container
        trained = trained_model(own.model, own.application, own.trainer)
        _complete_arguments(own, trained)
        own.answers = providers.Callable(answers, own.predictor)
        own.http_desk = providers.Factory(desk, predictor=own.predictor)
        answering = {"predictor": own.predictor, "datamodule": own.datamodule}
        own.data_summary = providers.Callable(summary_of, own.datamodule)
        own.example_batches = providers.Callable(examples.example_batches, own.data_spec)
        own.real_batches = providers.Callable(examples.real_batches, own.datamodule)
        own.exports = providers.Callable(export.exports_of, data_spec=own.data_spec)
        own.graph_answers = providers.Callable(export.answer_by_graphs, data_spec=own.data_spec)
        own.training_run = providers.Factory(
            own.trainer.training_run,
            **new_model(own.model, own.trainer, own.predictor),
            datamodule=own.datamodule,
            summarize_data=own.data_summary.provider,
            batch_size=own.settings.provided.data.batch_size,
        )
        own.http_router = providers.Callable(make_router, own.http_desk, own.application.provided.family)
        own.report_sections = DeclaredFactory(FamilySections, sections)
        own.report_arguments = providers.Dict(model=trained, **answering)
        own.evaluator = DeclaredFactory(protocols.Evaluator, evaluator, **answering)
        return container

    return complete


def _complete_arguments(own: Any, trained: Any) -> None:
    """Add what the data and the predictor of every family are given."""
    data, seed = own.settings.provided.data, own.application.provided.seed
    own.known_data_spec = providers.Object(None)  # overridden where a checkpoint brings it
    sizes = attributes(data, "batch_size", "eval_batch_size")
    own.datamodule.add_kwargs(seed=seed, data_spec=own.known_data_spec, **sizes)
    own.predictor.add_kwargs(model=trained, data_spec=own.data_spec, batch_size=data.eval_batch_size)
