"""The container of the family variant."""

from functools import partial
from typing import Any

from dependency_injector import providers
from dependency_injector.containers import DeclarativeContainer

from nested_lightning.app.assembly import protocols
from nested_lightning.app.assembly.assembler import Assembler
from nested_lightning.app.assembly.wiring.composing import ItemMakers, wire
from nested_lightning.app.data.splits import Splitter
from nested_lightning.app.variant.answers import answer_files
from nested_lightning.app.variant.assemble import variant
from nested_lightning.app.variant.data import VariantDataModule
from nested_lightning.app.variant.evaluate import VariantEvaluator
from nested_lightning.app.variant.examples import example_batches, real_batches
from nested_lightning.app.variant.model import VariantModel
from nested_lightning.app.variant.predict import VariantPredictor
from nested_lightning.app.variant.sampling import VariantSampling
from nested_lightning.app.variant.spec import VariantDataSpec
from nested_lightning.containers.providing.choices import (
    build_chosen,
    build_each,
    build_named,
    build_optional,
)
from nested_lightning.containers.providing.declared import (
    DeclaredCallable,
    DeclaredFactory,
    DeclaredSingleton,
)
from nested_lightning.containers.providing.named import NamedProviders
from nested_lightning.containers.providing.trained import new_model, trained_model
from nested_lightning.containers.providing.variant_adapters import build_adapter
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.variant import VariantSettings


class VariantContainer(DeclarativeContainer):
    """From sequences of several kinds to a trained labeller of their steps."""

    application = providers.Dependency(instance_of=ApplicationSettings)
    settings = providers.Dependency(instance_of=VariantSettings)
    trainer = providers.DependenciesContainer()

    splitter = DeclaredCallable(Splitter, build_chosen, settings.provided.data.split)
    sampling = DeclaredCallable(VariantSampling, build_chosen, settings.provided.data.sampling)
    data_spec_type = providers.Object(VariantDataSpec)
    known_data_spec: providers.Object[Any] = providers.Object(None)
    """Overridden where a checkpoint brings the data spec; else the datamodule finds it in the data."""
    datamodule = DeclaredSingleton(
        protocols.DataModule,
        VariantDataModule,
        path=settings.provided.data.path,
        sources=providers.Callable(build_each, settings.provided.sources),
        splitter=splitter,
        sampling=sampling,
        batch_size=settings.provided.data.batch_size,
        batch_sizes=settings.provided.batch_sizes,
        eval_batch_size=settings.provided.data.eval_batch_size,
        batches_per_epoch=settings.provided.data.batches_per_epoch,
        untrained=settings.provided.untrained,
        unevaluated=settings.provided.unevaluated,
        seed=application.provided.seed,
        data_spec=known_data_spec,
    )
    data_spec = datamodule.provided.data_spec
    example_batches = providers.Callable(example_batches, data_spec)
    """What a check on ``meta`` sends through the model."""
    real_batches = providers.Callable(real_batches, datamodule)
    """What a check on the CPU sends through it."""

    token_adapter = DeclaredCallable(protocols.SequenceAdapter, build_chosen, settings.provided.token_adapter)
    vector_adapter = DeclaredCallable(
        protocols.SequenceAdapter, build_chosen, settings.provided.vector_adapter
    )
    adapters = NamedProviders(
        DeclaredCallable(
            protocols.SequenceAdapter,
            build_adapter,
            token_adapter.provider,
            vector_adapter.provider,
            settings.provided.adapters,
            data_spec,
        )
    )
    trunk = DeclaredCallable(protocols.SequenceTrunk, build_optional, settings.provided.trunk)
    decoder = DeclaredCallable(protocols.SequenceDecoder, build_chosen, settings.provided.decoder)
    decoders = NamedProviders(
        DeclaredCallable(protocols.SequenceDecoder, build_named, decoder.provider, settings.provided.decoders)
    )
    loss = DeclaredCallable(protocols.SequenceLoss, build_chosen, settings.provided.loss)
    losses = NamedProviders(
        DeclaredCallable(protocols.SequenceLoss, build_named, loss.provider, settings.provided.losses)
    )
    balance = DeclaredCallable(protocols.LossBalance, build_chosen, settings.provided.balance)
    optimizer = DeclaredCallable(protocols.Optimizer, build_chosen, settings.provided.optimizer)
    schedule = DeclaredCallable(protocols.Schedule, build_chosen, settings.provided.schedule)

    assembler = providers.Factory(Assembler, seed=application.provided.seed, path="variant")
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
        weights=settings.provided.weights,
        frozen=settings.provided.frozen,
        configured_variants=settings.provided.sources,
        model=providers.Factory(partial, VariantModel, recipe=recipe),
    )

    training_run = providers.Factory(
        trainer.training_run,
        **new_model(model, trainer),
        datamodule=datamodule,
        batch_size=settings.provided.data.batch_size,
    )
    predictor = providers.Factory(
        VariantPredictor,
        model=trained_model(model, application),
        data_spec=data_spec,
        batch_size=settings.provided.data.eval_batch_size,
    )
    answers = providers.Callable(answer_files, predictor)
    """Called with files and the options of the family's predictor."""
    evaluator = DeclaredFactory(
        protocols.Evaluator, VariantEvaluator, predictor=predictor, datamodule=datamodule
    )
