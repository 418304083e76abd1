"""The container of the family variant."""

from functools import partial

from dependency_injector import providers
from dependency_injector.containers import DeclarativeContainer

from nested_lightning.app.assembly import protocols
from nested_lightning.app.assembly.wiring.composing import ItemMakers, wire
from nested_lightning.app.data.splits import Splitter
from nested_lightning.app.variant import examples, export
from nested_lightning.app.variant.answers import answer_files
from nested_lightning.app.variant.assemble import variant
from nested_lightning.app.variant.data import VariantDataModule
from nested_lightning.app.variant.desk import VariantDesk
from nested_lightning.app.variant.evaluate import VariantEvaluator
from nested_lightning.app.variant.model import VariantModel
from nested_lightning.app.variant.predict import VariantPredictor
from nested_lightning.app.variant.report import VariantSections
from nested_lightning.app.variant.sampling import VariantSampling
from nested_lightning.app.variant.spec import VariantDataSpec
from nested_lightning.containers.providing.choices import build_each, build_optional
from nested_lightning.containers.providing.chosen import (
    attributes,
    chosen,
    chosen_at,
    each_named,
    seeded_assembler,
)
from nested_lightning.containers.providing.completed import completed
from nested_lightning.containers.providing.declared import (
    DeclaredCallable,
    DeclaredFactory,
    DeclaredSingleton,
)
from nested_lightning.containers.providing.named import NamedProviders
from nested_lightning.containers.providing.pretrained import preparation_by_name
from nested_lightning.containers.providing.variant_adapters import build_adapter
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.variant import VariantSettings


@completed(
    answers=answer_files,
    desk=VariantDesk,
    examples=examples,
    export=export,
    evaluator=VariantEvaluator,
    sections=VariantSections,
)
class VariantContainer(DeclarativeContainer):
    """From sequences of several kinds to a trained labeller of their steps."""

    application = providers.Dependency(instance_of=ApplicationSettings)
    settings = providers.Dependency(instance_of=VariantSettings)
    trainer = providers.DependenciesContainer()

    splitter = chosen(Splitter, settings.provided.data.split)
    sampling = chosen(VariantSampling, settings.provided.data.sampling)
    data_spec_type = providers.Object(VariantDataSpec)
    datamodule = DeclaredSingleton(
        protocols.DataModule,
        VariantDataModule,
        **attributes(settings.provided.data, "path", "batches_per_epoch"),
        **attributes(settings.provided, "untrained", "unevaluated"),
        batch_sizes=settings.provided.own.call("batch_size"),
        sources=providers.Callable(build_each, settings.provided.sources),
        preparations=providers.Factory(
            partial,
            preparation_by_name,
            settings.provided.own.call("adapter"),
            providers.Dict(text=settings.provided.token_adapter),
            sort="text",
        ),
        splitter=splitter,
        sampling=sampling,
    )
    data_spec = datamodule.provided.data_spec

    token_adapter = chosen(protocols.SequenceAdapter, settings.provided.token_adapter)
    vector_adapter = chosen(protocols.SequenceAdapter, settings.provided.vector_adapter)
    adapters = NamedProviders(
        DeclaredCallable(
            protocols.SequenceAdapter,
            build_adapter,
            token_adapter.provider,
            vector_adapter.provider,
            settings.provided.own.call("adapter"),
            data_spec,
        )
    )
    trunk = DeclaredCallable(protocols.SequenceTrunk, build_optional, settings.provided.trunk)
    decoder = chosen(protocols.SequenceDecoder, settings.provided.decoder)
    decoders = each_named(decoder, settings.provided.own.call("decoder"))
    loss = chosen(protocols.SequenceLoss, settings.provided.loss)
    losses = each_named(loss, settings.provided.own.call("loss"))
    balance = chosen(protocols.LossBalance, settings.provided.balance)
    optimizer = chosen_at("variant.optimizer", protocols.Optimizer, settings.provided.optimizer)
    schedule = chosen_at("variant.schedule", protocols.Schedule, settings.provided.schedule)

    assembler = seeded_assembler("variant", application, trainer)
    recipe = providers.Factory(trainer.recipe, data_spec=data_spec.to_dict.call())
    model = DeclaredFactory(
        protocols.Model,
        wire,
        variant,
        data=data_spec,
        adapters=providers.Factory(ItemMakers, adapters.provider),
        trunk=trunk.provider,
        decoders=providers.Factory(ItemMakers, decoders.provider),
        losses=providers.Factory(ItemMakers, losses.provider),
        balance=balance.provider,
        assembler=assembler,
        optimizer=optimizer.provider,
        schedule=schedule.provider,
        weights=settings.provided.own.call("weight"),
        frozen=settings.provided.frozen,
        configured_variants=settings.provided.sources,
        model=providers.Factory(partial, VariantModel, recipe=recipe),
    )

    predictor = providers.Factory(VariantPredictor)
