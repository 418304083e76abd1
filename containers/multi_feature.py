"""The container of the family multi-feature."""

from typing import Any

from dependency_injector import providers
from dependency_injector.containers import DeclarativeContainer

from app import protocols
from app.checking.multi_feature import example_batches, real_batches
from app.composition.assembler import Assembler
from app.composition.multi_feature import assemble_multi_feature
from app.data.multi_feature import MultiFeatureDataModule
from app.data.multi_feature_spec import MultiFeatureDataSpec
from app.data.splits import Splitter
from app.evaluation.multi_feature import MultiFeatureEvaluator
from app.lifetime import live
from app.prediction.multi_feature import MultiFeaturePredictor
from containers.choices import build_chosen, build_named
from containers.declared import DeclaredCallable, DeclaredFactory, DeclaredSingleton
from containers.named import NamedProviders
from settings.application import ApplicationSettings
from settings.multi_feature import MultiFeatureSettings


class MultiFeatureContainer(DeclarativeContainer):
    """From a table with groups of columns to a trained classifier of its rows."""

    application = providers.Dependency(instance_of=ApplicationSettings)
    settings = providers.Dependency(instance_of=MultiFeatureSettings)
    training = providers.DependenciesContainer()

    grouping = providers.Callable(build_chosen, settings.provided.data.grouping)
    splitter = DeclaredCallable(Splitter, build_chosen, settings.provided.data.split)
    storage = providers.Callable(build_chosen, settings.provided.data.storage)
    data_spec_type = providers.Object(MultiFeatureDataSpec)
    known_data_spec: providers.Object[Any] = providers.Object(None)
    """Overridden where a checkpoint brings the data spec; else the datamodule finds it in the data."""
    lifetime = providers.Resource(live)
    """What the data keep open until ``shutdown_resources``."""
    datamodule = DeclaredSingleton(
        protocols.DataModule,
        MultiFeatureDataModule,
        path=settings.provided.data.path,
        label=settings.provided.data.label,
        grouping=grouping,
        categorical=settings.provided.data.categorical,
        excluded=settings.provided.data.excluded,
        missing=settings.provided.data.missing,
        allow_missing_groups=settings.provided.data.allow_missing_groups,
        splitter=splitter,
        storage=storage,
        batch_size=settings.provided.data.batch_size,
        eval_batch_size=settings.provided.data.eval_batch_size,
        seed=application.provided.seed,
        data_spec=known_data_spec,
        lifetime=lifetime.provider,
    )
    data_spec = datamodule.provided.data_spec
    example_batches = providers.Callable(example_batches, data_spec)
    """What a check on ``meta`` sends through the model."""
    real_batches = providers.Callable(real_batches, datamodule)
    """What a check on the CPU sends through it."""

    feature_extractor = DeclaredCallable(
        protocols.FeatureExtractor, build_chosen, settings.provided.feature_extractor
    )
    feature_extractors = NamedProviders(
        DeclaredCallable(
            protocols.FeatureExtractor,
            build_named,
            feature_extractor.provider,
            providers.Singleton(dict, settings.provided.feature_extractors),  # read once for all of them
        )
    )
    combiner = DeclaredCallable(protocols.Combiner, build_chosen, settings.provided.combiner)
    head = DeclaredCallable(protocols.Head, build_chosen, settings.provided.head)
    optimizer = DeclaredCallable(protocols.Optimizer, build_chosen, settings.provided.optimizer)
    schedule = DeclaredCallable(protocols.Schedule, build_chosen, settings.provided.schedule)

    assembler = providers.Factory(Assembler, seed=application.provided.seed, path="multi_feature")
    recipe = providers.Factory(training.recipe, data_spec=data_spec.to_dict.call())
    model = DeclaredFactory(
        protocols.Model,
        assemble_multi_feature,
        data_spec=data_spec,
        feature_extractor=feature_extractors.provider,
        combiner=combiner.provider,
        head=head.provider,
        assembler=assembler,
        optimizer=optimizer.provider,
        schedule=schedule.provider,
        class_weights=settings.provided.class_weights,
        label_smoothing=settings.provided.label_smoothing,
        modality_dropout=settings.provided.modality_dropout,
        min_stacked_extractors=settings.provided.min_stacked_extractors,
        recipe=recipe,
        configured_groups=settings.provided.feature_extractors,
    )

    training_run = providers.Factory(
        training.training_run,
        model=model,
        datamodule=datamodule,
        batch_size=settings.provided.data.batch_size,
    )
    predictor = providers.Factory(
        MultiFeaturePredictor,
        model=model,
        data_spec=data_spec,
        batch_size=settings.provided.data.eval_batch_size,
    )
    evaluator = DeclaredFactory(
        protocols.Evaluator, MultiFeatureEvaluator, predictor=predictor, datamodule=datamodule
    )
