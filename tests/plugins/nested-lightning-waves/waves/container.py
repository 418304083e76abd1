"""The container of the family curve-fit."""

from functools import partial
from typing import Any

from dependency_injector import providers
from dependency_injector.containers import DeclarativeContainer

from nested_lightning import ApplicationSettings
from nested_lightning.app.assembly import protocols
from nested_lightning.app.assembly.assembler import Assembler
from nested_lightning.app.assembly.wiring.composing import wire
from nested_lightning.containers.providing.choices import build_chosen
from nested_lightning.containers.providing.declared import (
    DeclaredCallable,
    DeclaredFactory,
    DeclaredSingleton,
)
from nested_lightning.containers.providing.trained import new_model, trained_model
from waves.curve_answers import CurveEvaluator, CurvePredictor, answer_files
from waves.curve_data import CurveDataModule, CurveDataSpec, example_batches, real_batches
from waves.curve_model import CurveFit, curve_fit
from waves.settings import CurveFitSettings


class CurveFitContainer(DeclarativeContainer):
    """From a table of numbers to a curve through it."""

    application = providers.Dependency(instance_of=ApplicationSettings)
    settings = providers.Dependency(instance_of=CurveFitSettings)
    trainer = providers.DependenciesContainer()

    data_spec_type = providers.Object(CurveDataSpec)
    known_data_spec: providers.Object[Any] = providers.Object(None)
    datamodule = DeclaredSingleton(
        protocols.DataModule,
        CurveDataModule,
        path=settings.provided.data.path,
        label=settings.provided.data.label,
        batch_size=settings.provided.data.batch_size,
        seed=application.provided.seed,
        data_spec=known_data_spec,
    )
    data_spec = datamodule.provided.data_spec
    example_batches = providers.Callable(example_batches, data_spec)
    real_batches = providers.Callable(real_batches, datamodule)

    feature_extractor = DeclaredCallable(
        protocols.FeatureExtractor, build_chosen, settings.provided.feature_extractor
    )
    optimizer = DeclaredCallable(protocols.Optimizer, build_chosen, settings.provided.optimizer)
    assembler = providers.Factory(Assembler, seed=application.provided.seed, path="curve_fit")
    recipe = providers.Factory(trainer.recipe, data_spec=data_spec.to_dict.call())
    model = DeclaredFactory(
        protocols.Model,
        wire,
        curve_fit,
        assembler=assembler,
        data=data_spec,
        model=providers.Factory(partial, CurveFit, recipe=recipe),
        feature_extractor=feature_extractor.provider,
        optimizer=optimizer.provider,
    )

    predictor = providers.Factory(
        CurvePredictor, model=trained_model(model, application, trainer), data_spec=data_spec
    )
    training_run = providers.Factory(
        trainer.training_run, **new_model(model, trainer, predictor), datamodule=datamodule
    )
    answers = providers.Callable(answer_files, predictor)
    evaluator = DeclaredFactory(
        protocols.Evaluator, CurveEvaluator, predictor=predictor, datamodule=datamodule
    )
