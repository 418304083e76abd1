"""The family vae-gan: several variational autoencoders within a generative adversarial network."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, ValidationError, model_validator

from nested_lightning.settings.base import Settings, plain_section
from nested_lightning.settings.choices.discriminators import DISCRIMINATORS, Discriminator
from nested_lightning.settings.choices.latent_samplers import LATENT_SAMPLERS, LatentSampler
from nested_lightning.settings.choices.optimization import OPTIMIZERS, SCHEDULES, Optimizer, Schedule
from nested_lightning.settings.choices.picture_decoders import PICTURE_DECODERS, PictureDecoder
from nested_lightning.settings.choices.picture_encoders import PICTURE_ENCODERS, PictureEncoder
from nested_lightning.settings.choices.widths import HALF_WIDTH
from nested_lightning.settings.data.vae_gan import PictureDataSettings
from nested_lightning.settings.family import Family, Preset
from nested_lightning.settings.numbers import Count, Seed
from nested_lightning.settings.predictor import RECORD_FORMATS, PredictorInterface, refuse_idle_options
from nested_lightning.settings.reading.errors import SettingsError
from nested_lightning.settings.reading.merging import merge


class VaeSettings(Settings):
    """A variational autoencoder and how it is optimised."""

    encoder: PictureEncoder = PICTURE_ENCODERS.field("From a picture to a vector.")
    sampler: LatentSampler = LATENT_SAMPLERS.field("From that to latent vectors, and where new ones lie.")
    decoder: PictureDecoder = PICTURE_DECODERS.field("From a latent vector to a picture.", noise_scale=0.1)
    optimizer: Optimizer = OPTIMIZERS.field("Optimiser.", betas=(0.5, 0.999))
    schedule: Schedule = SCHEDULES.field("How the learning rate changes during training.", kind="cosine")


class VaeGanSettings(Settings):
    """VAEs of pictures, one for each domain or group of domains, and discriminators of their work."""

    data: PictureDataSettings = Field(PictureDataSettings(), description="The pictures to learn from.")
    vae: VaeSettings = Field(VaeSettings(), description="Every VAE.")
    vaes: dict[str, VaeSettings] = Field({}, description="Single VAEs, by the VAE's name.")
    discriminator: Discriminator = DISCRIMINATORS.field("Tells generated pictures from real ones.")
    discriminator_optimizer: Optimizer = OPTIMIZERS.field(
        "Optimiser of the discriminator.", betas=(0.5, 0.999)
    )
    discriminator_schedule: Schedule = SCHEDULES.field("Its learning rate during training.", kind="cosine")
    is_discriminator_shared: bool = Field(True, description="One discriminator for all VAEs, or one each.")
    reconstruction: Literal["pixels", "features"] = Field(
        "pixels",
        description="Where reconstructions are compared: in pixels, or the discriminator's features.",
    )
    reconstruction_weight: PositiveFloat = Field(1.0, description="Weight of the reconstruction's error.")
    kl_weight: NonNegativeFloat = Field(0.05, description="Weight of the KL divergence.")
    kl_warmup_fraction: float = Field(
        0.1, ge=0, lt=1, description="Share of the steps in which that weight rises from 0."
    )
    adversarial_weight: NonNegativeFloat = Field(
        12.0, description="Weight of the discriminator's verdict for the VAEs; 0: none is trained."
    )
    label_smoothing: float = Field(0.1, ge=0, lt=0.5, description="How far real pictures' target is below 1.")
    gradient_penalty: NonNegativeFloat = Field(
        0.02, description="Weight of the discriminator's squared gradient at real pictures."
    )
    instance_noise: NonNegativeFloat = Field(
        0.0, description="Standard deviation of noise on what the discriminator sees."
    )
    vaes_every_n_batches: Count = Field(1, description="Batches from one step of the VAEs to the next.")
    discriminator_every_n_batches: Count = Field(1, description="Batches from one of its steps to the next.")
    gradient_clip_norm: PositiveFloat | None = Field(
        None, description="Largest norm of the gradients of each VAE, and of the discriminator; null: any."
    )
    classifier_steps: Count = Field(3000, description="Steps of the classifier whose features judge samples.")
    collapse_patience_steps: Count = Field(
        1000, description="Steps without a mistake of the discriminator before that is warned of."
    )
    pictures_every_n_epochs: Count = Field(
        50, description="Epochs from one grid of samples and reconstructions to the next."
    )

    @model_validator(mode="before")
    @classmethod
    def _complete_single_vaes(cls, values: Any) -> Any:
        """Let a VAE's settings start from those of every VAE."""
        vae, vaes = plain_section(values, "vae"), plain_section(values, "vaes")
        if vae is None or not vaes:
            return values
        try:
            shared = VaeSettings.model_validate(vae).model_dump()
        except ValidationError:  # reported where every VAE's settings are read
            return values
        return values | {
            "vaes": {
                name: merge(shared, item) if isinstance(item, dict) else item for name, item in vaes.items()
            }
        }


WITHOUT_GAN = Preset(
    summary="The same VAEs without a discriminator, for comparison.",
    values={"vae_gan": {"adversarial_weight": 0.0}},
)

EVEN_ODD = Preset(
    summary="Two VAEs, one for the even digits and one for the odd ones, which are given the digit.",
    values={"vae_gan": {"data": {"grouping": {"kind": "even_odd"}}}},
)

CONVOLUTIONS = Preset(
    summary="Convolutional encoders, decoders and discriminator, for larger pictures.",
    values={
        "vae_gan": {
            "vae": {"encoder": {"kind": "conv"}, "decoder": {"kind": "conv"}},
            "discriminator": {"kind": "conv"},
        }
    },
)

_VAE = VaeSettings().model_dump(mode="json", include={"decoder", "optimizer", "schedule"})
"""Stands in the family's defaults too, so that a single field of it can be set and the others stay."""


class PictureOptions(Settings):
    """Which pictures are made: either new ones, reconstructions or an interpolation."""

    sample: int | None = Field(None, ge=1, le=100_000, description="Make that many new pictures.")
    reconstruct: Path | None = Field(None, description="Reconstruct a picture, or all in a folder.")
    interpolate: tuple[Path, Path] | None = Field(None, description="Go from one picture to another.")
    domain: str | None = Field(None, description="Domain of the pictures; else all in turn, or as they look.")
    steps: int = Field(10, ge=2, le=10_000, description="Pictures of an interpolation.")
    seed: Seed = Field(0, description="Seed of new pictures.")

    @model_validator(mode="after")
    def _choose_one(self) -> Self:
        if sum(wish is not None for wish in (self.sample, self.reconstruct, self.interpolate)) != 1:
            raise SettingsError(["name one of sample, reconstruct and interpolate"])
        refuse_idle_options(self, steps="interpolate", seed="sample")
        return self


FAMILY = Family(
    name="vae-gan",
    summary="Several variational autoencoders within a generative adversarial network.",
    settings=VaeGanSettings,
    container="nested_lightning.containers.vae_gan.VaeGanContainer",
    exported="nested_lightning.app.vae_gan.exported.ExportedVaeGan",
    predictor=PredictorInterface(
        summary="Make a grid of pictures: new ones, reconstructions under originals, or an interpolation.",
        inputs=None,
        options=PictureOptions,
        formats={
            "png": (".png",),
            "jpeg": (".jpg", ".jpeg"),
            "webp": (".webp",),
            "bmp": (".bmp",),
            "tiff": (".tif", ".tiff"),
            "npz": RECORD_FORMATS["npz"],
        },
    ),
    defaults={
        "trainer": {
            "max_epochs": 400,
            "num_threads": 1,
            "monitor": "val_frechet_distance",
            "val_every_n_epochs": 5,
        },
        "vae_gan": {
            "vae": _VAE,
            "discriminator_optimizer": _VAE["optimizer"],
            "discriminator_schedule": _VAE["schedule"],
        },
    },
    presets={
        "without-gan": WITHOUT_GAN,
        "even-odd": EVEN_ODD,
        "conv": CONVOLUTIONS,
        "half-width": HALF_WIDTH,
    },
)
