"""The container of the family multi-feature."""

from functools import partial
from typing import Any

from dependency_injector import providers
from dependency_injector.containers import DeclarativeContainer

from nested_lightning.app.assembly import protocols
from nested_lightning.app.assembly.wiring.composing import ItemMakers, wire
from nested_lightning.app.data.splits import Splitter
from nested_lightning.app.lifetime import live
from nested_lightning.app.multi_feature import examples, export
from nested_lightning.app.multi_feature.answers import answer_files
from nested_lightning.app.multi_feature.assemble import multi_feature
from nested_lightning.app.multi_feature.data import MultiFeatureDataModule
from nested_lightning.app.multi_feature.desk import MultiFeatureDesk
from nested_lightning.app.multi_feature.evaluate import MultiFeatureEvaluator
from nested_lightning.app.multi_feature.model import MultiFeatureClassifier
from nested_lightning.app.multi_feature.predict import MultiFeaturePredictor
from nested_lightning.app.multi_feature.report import MultiFeatureSections
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec
from nested_lightning.app.submodules.normalization import PictureNormalization
from nested_lightning.containers.providing.choices import build_chosen
from nested_lightning.containers.providing.chosen import (
    attributes,
    chosen,
    chosen_at,
    each_named,
    seeded_assembler,
)
from nested_lightning.containers.providing.completed import completed
from nested_lightning.containers.providing.data_in_memory import data_or_place
from nested_lightning.containers.providing.declared import (
    DeclaredCallable,
    DeclaredFactory,
    DeclaredSingleton,
)
from nested_lightning.containers.providing.group_extractors import build_group_extractor
from nested_lightning.containers.providing.named import NamedProviders
from nested_lightning.containers.providing.pretrained import preparation_by_name
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.choices.objectives import kinds_of
from nested_lightning.settings.multi_feature import MultiFeatureSettings


@completed(
    answers=answer_files,
    desk=MultiFeatureDesk,
    examples=examples,
    export=export,
    evaluator=MultiFeatureEvaluator,
    sections=MultiFeatureSections,
)
class MultiFeatureContainer(DeclarativeContainer):
    """From a table with groups of columns to a trained model of its rows."""

    application = providers.Dependency(instance_of=ApplicationSettings)
    settings = providers.Dependency(instance_of=MultiFeatureSettings)
    trainer = providers.DependenciesContainer()

    grouping = providers.Callable(build_chosen, settings.provided.data.grouping)
    splitter = chosen(Splitter, settings.provided.data.split)
    storage = providers.Callable(build_chosen, settings.provided.data.storage)
    data_spec_type = providers.Object(MultiFeatureDataSpec)
    given_data: providers.Object[Any] = providers.Object(None)
    """Overridden where a program gives the data; else they are where the settings say."""
    lifetime = providers.Resource(live)
    """What the data keep open until ``shutdown_resources``."""
    datamodule = DeclaredSingleton(
        protocols.DataModule,
        MultiFeatureDataModule,
        path=providers.Callable(data_or_place, given_data, settings.provided.data.path),
        **attributes(settings.provided.data, "label", "positive", "label_separator", "weight"),
        objective=settings.provided.objective.kind,
        objectives=providers.Callable(kinds_of, settings.provided.objectives),
        **attributes(settings.provided.data, "categorical", "excluded", "missing", "allow_missing_groups"),
        **attributes(settings.provided.data, "sorts", "picture_size", "picture_fit", "picture_folder"),
        preparations=providers.Factory(
            partial,
            preparation_by_name,
            providers.Callable(dict, settings.provided.feature_extractors),
            providers.Dict(
                picture=settings.provided.picture_extractor, text=settings.provided.text_extractor
            ),
        ),
        grouping=grouping,
        splitter=splitter,
        storage=storage,
        lifetime=lifetime.provider,
    )
    data_spec = datamodule.provided.data_spec

    feature_extractor = chosen(protocols.FeatureExtractor, settings.provided.feature_extractor)
    picture_extractor = chosen(protocols.FeatureExtractor, settings.provided.picture_extractor)
    text_extractor = chosen(protocols.FeatureExtractor, settings.provided.text_extractor)
    sequence_extractor = chosen(protocols.FeatureExtractor, settings.provided.sequence_extractor)
    feature_extractors = NamedProviders(
        DeclaredCallable(
            protocols.FeatureExtractor,
            build_group_extractor,
            feature_extractor.provider,
            providers.Singleton(
                dict,
                picture_size=picture_extractor.provider,
                max_length=text_extractor.provider,
                num_steps=sequence_extractor.provider,
            ),
            providers.Singleton(dict, settings.provided.feature_extractors),  # read once for all of them
        )
    )
    combiner = chosen(protocols.Combiner, settings.provided.combiner)
    head = chosen(protocols.Head, settings.provided.head)
    objective = chosen(protocols.Objective, settings.provided.objective)
    objectives = each_named(objective, settings.provided.objectives)
    normalization = DeclaredFactory(protocols.Normalization, PictureNormalization)
    normalizations = each_named(normalization)
    optimizer = chosen_at("multi_feature.optimizer", protocols.Optimizer, settings.provided.optimizer)
    schedule = chosen_at("multi_feature.schedule", protocols.Schedule, settings.provided.schedule)

    assembler = seeded_assembler("multi_feature", application, trainer)
    recipe = providers.Factory(trainer.recipe, data_spec=data_spec.to_dict.call())
    model = DeclaredFactory(
        protocols.Model,
        wire,
        multi_feature,
        data=data_spec,
        feature_extractors=providers.Factory(
            ItemMakers, feature_extractors.provider, settings.provided.feature_extractors
        ),
        combiner=combiner.provider,
        head=head.provider,
        objective=objective.provider,
        objectives=providers.Factory(ItemMakers, objectives.provider),
        normalizations=providers.Factory(ItemMakers, normalizations.provider),
        assembler=assembler,
        optimizer=optimizer.provider,
        schedule=schedule.provider,
        model=providers.Factory(
            partial,
            MultiFeatureClassifier,
            modality_dropout=settings.provided.modality_dropout,
            min_stacked_extractors=settings.provided.min_stacked_extractors,
            recipe=recipe,
        ),
    )

    predictor = providers.Factory(MultiFeaturePredictor, picture_folder=settings.provided.data.picture_folder)
