"""The container of the family image-to-text."""

from functools import partial

from dependency_injector import providers
from dependency_injector.containers import DeclarativeContainer

from nested_lightning.app.assembly import protocols
from nested_lightning.app.assembly.wiring.composing import wire
from nested_lightning.app.data.splits import Splitter
from nested_lightning.app.image_to_text import examples, export
from nested_lightning.app.image_to_text.answers import answer_files
from nested_lightning.app.image_to_text.assemble import image_to_text
from nested_lightning.app.image_to_text.augmentation import PictureAugmentation
from nested_lightning.app.image_to_text.caption_samples import CaptionSamples
from nested_lightning.app.image_to_text.captioned_pictures import PictureReader
from nested_lightning.app.image_to_text.data import ImageToTextDataModule
from nested_lightning.app.image_to_text.desk import ImageToTextDesk
from nested_lightning.app.image_to_text.evaluate import ImageToTextEvaluator
from nested_lightning.app.image_to_text.generation.beam import BeamSearch
from nested_lightning.app.image_to_text.generation.sampling import NucleusSampling
from nested_lightning.app.image_to_text.generation.search import Generation
from nested_lightning.app.image_to_text.model import ImageToText
from nested_lightning.app.image_to_text.predict import ImageToTextPredictor
from nested_lightning.app.image_to_text.report import ImageToTextSections
from nested_lightning.app.image_to_text.spec import ImageToTextDataSpec
from nested_lightning.app.submodules.normalization import PictureNormalization
from nested_lightning.containers.providing.chosen import (
    attributes,
    callback,
    chosen,
    chosen_at,
    seeded_assembler,
)
from nested_lightning.containers.providing.completed import completed
from nested_lightning.containers.providing.declared import DeclaredFactory, DeclaredSingleton
from nested_lightning.containers.providing.pretrained import preparation_for
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.image_to_text import CaptionOptions, ImageToTextSettings


@completed(
    answers=answer_files,
    desk=partial(ImageToTextDesk, options=CaptionOptions),
    examples=examples,
    export=export,
    evaluator=ImageToTextEvaluator,
    sections=ImageToTextSections,
)
class ImageToTextContainer(DeclarativeContainer):
    """From pictures with captions to a trained writer of captions."""

    application = providers.Dependency(instance_of=ApplicationSettings)
    settings = providers.Dependency(instance_of=ImageToTextSettings)
    trainer = providers.DependenciesContainer()

    splitter = chosen(Splitter, settings.provided.data.split)
    reader = providers.Factory(
        PictureReader,
        **attributes(settings.provided.data, "captions_file", "picture_folder", "picture_column"),
        **attributes(settings.provided.data, "caption_column", "skip_bad"),
    )
    data_spec_type = providers.Object(ImageToTextDataSpec)
    datamodule = DeclaredSingleton(
        protocols.DataModule,
        ImageToTextDataModule,
        preparation=providers.Callable(preparation_for, settings.provided.image_encoder),
        tokenizer=providers.Factory(partial, preparation_for, settings.provided.text_decoder),
        **attributes(settings.provided.data, "path", "picture_size", "fit", "unit", "is_lowercase"),
        **attributes(settings.provided.data, "min_count", "max_length"),
        reader=reader,
        splitter=splitter,
    )
    data_spec = datamodule.provided.data_spec

    image_encoder = chosen(protocols.ImageEncoder, settings.provided.image_encoder)
    bridge = chosen(protocols.Bridge, settings.provided.bridge)
    text_decoder = chosen(protocols.TextDecoder, settings.provided.text_decoder)
    normalization = DeclaredFactory(protocols.Normalization, PictureNormalization)
    augmentation = DeclaredFactory(
        protocols.Augmentation,
        PictureAugmentation,
        **attributes(settings.provided.augmentation, "max_shift", "flip_probability", "max_brightness"),
        max_rotation=settings.provided.augmentation.max_rotation,
    )
    generation = chosen(Generation, settings.provided.generation)
    optimizer = chosen_at("image_to_text.optimizer", protocols.Optimizer, settings.provided.optimizer)
    schedule = chosen_at("image_to_text.schedule", protocols.Schedule, settings.provided.schedule)
    caption_samples = callback(CaptionSamples)

    assembler = seeded_assembler("image_to_text", application, trainer)
    recipe = providers.Factory(trainer.recipe, data_spec=data_spec.to_dict.call())
    model = DeclaredFactory(
        protocols.Model,
        wire,
        image_to_text,
        data=data_spec,
        image_encoder=image_encoder.provider,
        bridge=bridge.provider,
        text_decoder=text_decoder.provider,
        normalization=normalization.provider,
        augmentation=augmentation,
        generation=generation,
        assembler=assembler,
        optimizer=optimizer.provider,
        schedule=schedule.provider,
        model=providers.Factory(
            partial,
            ImageToText,
            label_smoothing=settings.provided.label_smoothing,
            num_samples=settings.provided.num_samples,
            recipe=recipe,
            callbacks=providers.List(caption_samples),
        ),
    )

    beam_search = DeclaredFactory(Generation, BeamSearch)
    nucleus_sampling = DeclaredFactory(Generation, NucleusSampling)
    predictor = providers.Factory(
        ImageToTextPredictor,
        beam_search=beam_search.provider,
        nucleus_sampling=nucleus_sampling.provider,
    )
