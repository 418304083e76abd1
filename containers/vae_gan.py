"""The container of the family vae-gan."""

from functools import partial

from dependency_injector import providers
from dependency_injector.containers import DeclarativeContainer

from nested_lightning.app.assembly import protocols
from nested_lightning.app.assembly.wiring.composing import ItemMakers, wire
from nested_lightning.app.data.splits import Splitter
from nested_lightning.app.submodules.feature_classifier import FeatureClassifier
from nested_lightning.app.submodules.vae import VariationalAutoencoder
from nested_lightning.app.vae_gan import examples, export
from nested_lightning.app.vae_gan.answers import answer_files
from nested_lightning.app.vae_gan.assemble import vae_gan
from nested_lightning.app.vae_gan.collapse_watch import CollapseWatch
from nested_lightning.app.vae_gan.data import VaeGanDataModule
from nested_lightning.app.vae_gan.desk import VaeGanDesk
from nested_lightning.app.vae_gan.epoch_grids import PictureGrids
from nested_lightning.app.vae_gan.evaluate import VaeGanEvaluator
from nested_lightning.app.vae_gan.model import VaeGan
from nested_lightning.app.vae_gan.objective import VaeGanObjective
from nested_lightning.app.vae_gan.predict import VaeGanPredictor
from nested_lightning.app.vae_gan.report import VaeGanSections
from nested_lightning.app.vae_gan.spec import VaeGanDataSpec
from nested_lightning.app.vae_gan.turns import Turns
from nested_lightning.containers.providing.choices import build_chosen, build_named
from nested_lightning.containers.providing.chosen import (
    attributes,
    callback,
    chosen,
    chosen_at,
    each_named,
    part_of_each,
    seeded_assembler,
)
from nested_lightning.containers.providing.completed import completed
from nested_lightning.containers.providing.declared import (
    DeclaredCallable,
    DeclaredFactory,
    DeclaredSingleton,
)
from nested_lightning.containers.providing.named import NestedProviders
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.vae_gan import VaeGanSettings


@completed(
    answers=answer_files,
    desk=VaeGanDesk,
    examples=examples,
    export=export,
    evaluator=VaeGanEvaluator,
    sections=VaeGanSections,
)
class VaeGanContainer(DeclarativeContainer):
    """From pictures in domains to VAEs that make new ones."""

    application = providers.Dependency(instance_of=ApplicationSettings)
    settings = providers.Dependency(instance_of=VaeGanSettings)
    trainer = providers.DependenciesContainer()

    grouping = providers.Callable(build_chosen, settings.provided.data.grouping)
    splitter = chosen(Splitter, settings.provided.data.split)
    data_spec_type = providers.Object(VaeGanDataSpec)
    datamodule = DeclaredSingleton(
        protocols.DataModule,
        VaeGanDataModule,
        **attributes(settings.provided.data, "path", "image_size", "channels"),
        grouping=grouping,
        splitter=splitter,
    )
    data_spec = datamodule.provided.data_spec

    encoder = chosen(protocols.PictureEncoder, settings.provided.vae.encoder)
    sampler = chosen(protocols.LatentSampler, settings.provided.vae.sampler)
    decoder = chosen(protocols.PictureDecoder, settings.provided.vae.decoder)
    optimizer = chosen_at("vae_gan.vae.optimizer", protocols.Optimizer, settings.provided.vae.optimizer)
    schedule = chosen_at("vae_gan.vae.schedule", protocols.Schedule, settings.provided.vae.schedule)
    vae = DeclaredFactory(protocols.Vae, VariationalAutoencoder)

    encoders = part_of_each(encoder, settings.provided.vaes, "encoder")
    samplers = part_of_each(sampler, settings.provided.vaes, "sampler")
    decoders = part_of_each(decoder, settings.provided.vaes, "decoder")
    optimizers = part_of_each(optimizer, settings.provided.vaes, "optimizer")
    schedules = part_of_each(schedule, settings.provided.vaes, "schedule")
    vaes = NestedProviders(
        DeclaredCallable(protocols.Vae, build_named, vae.provider, {}),
        parts={
            "encoder": encoders,
            "sampler": samplers,
            "decoder": decoders,
            "optimizer": optimizers,
            "schedule": schedules,
        },
    )
    """A VAE by its name, as in ``vaes["3"].encoder``."""

    discriminator = chosen(protocols.Discriminator, settings.provided.discriminator)
    discriminators = each_named(discriminator)
    discriminator_optimizer = chosen_at(
        "vae_gan.discriminator_optimizer", protocols.Optimizer, settings.provided.discriminator_optimizer
    )
    discriminator_schedule = chosen_at(
        "vae_gan.discriminator_schedule", protocols.Schedule, settings.provided.discriminator_schedule
    )
    classifier = DeclaredFactory(
        protocols.PictureClassifier, FeatureClassifier, num_steps=settings.provided.classifier_steps
    )
    """In its features the quality of samples is measured."""

    objective = providers.Factory(
        VaeGanObjective,
        **attributes(settings.provided, "reconstruction", "reconstruction_weight", "kl_weight"),
        **attributes(settings.provided, "kl_warmup_fraction", "adversarial_weight", "label_smoothing"),
        **attributes(settings.provided, "gradient_penalty", "instance_noise"),
    )
    turns = providers.Factory(
        Turns,
        every_n_batches=providers.Dict(
            vaes=settings.provided.vaes_every_n_batches,
            discriminators=settings.provided.discriminator_every_n_batches,
        ),
    )
    collapse_watch = providers.Factory(
        CollapseWatch, patience_steps=settings.provided.collapse_patience_steps
    )
    picture_grids = callback(PictureGrids, every_n_epochs=settings.provided.pictures_every_n_epochs)
    assembler = seeded_assembler("vae_gan", application, trainer)
    recipe = providers.Factory(trainer.recipe, data_spec=data_spec.to_dict.call())
    model = DeclaredFactory(
        protocols.Model,
        wire,
        vae_gan,
        data=data_spec,
        vaes=providers.Factory(ItemMakers, vaes.provider),
        encoders=providers.Factory(ItemMakers, encoders.provider),
        samplers=providers.Factory(ItemMakers, samplers.provider),
        decoders=providers.Factory(ItemMakers, decoders.provider),
        discriminators=providers.Factory(ItemMakers, discriminators.provider),
        classifier=classifier.provider,
        optimizers=providers.Factory(ItemMakers, optimizers.provider),
        schedules=providers.Factory(ItemMakers, schedules.provider),
        discriminator_optimizer=discriminator_optimizer.provider,
        discriminator_schedule=discriminator_schedule.provider,
        assembler=assembler,
        model=providers.Factory(
            partial,
            VaeGan,
            objective=objective,
            turns=turns,
            gradient_clip_norm=settings.provided.gradient_clip_norm,
            collapse_watch=collapse_watch,
            recipe=recipe,
            callbacks=providers.List(picture_grids),
        ),
        is_discriminator_shared=settings.provided.is_discriminator_shared,
        configured_vaes=settings.provided.vaes,
    )

    predictor = providers.Factory(VaeGanPredictor)
