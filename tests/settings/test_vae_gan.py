"""Settings of vae-gan: what single VAEs take over, and what a single field leaves as it is."""

from nested_lightning import parse_settings
from nested_lightning.settings.choices.optimization import AdamSettings, CosineScheduleSettings
from nested_lightning.settings.choices.picture_encoders import (
    ConvPictureEncoderSettings,
    MlpPictureEncoderSettings,
)


def test_a_single_field_of_an_optimiser_or_schedule_leaves_the_others() -> None:
    changes = {
        "vae": {"optimizer": {"lr": 0.01}, "schedule": {"final_factor": 0.1}},
        "discriminator_optimizer": {"lr": 0.02},
    }

    settings = parse_settings({"model": "vae-gan", "vae_gan": changes}).vae_gan

    assert settings.vae.optimizer == AdamSettings(lr=0.01, betas=(0.5, 0.999))
    assert settings.vae.schedule == CosineScheduleSettings(final_factor=0.1)
    assert settings.discriminator_optimizer == AdamSettings(lr=0.02, betas=(0.5, 0.999))


def test_a_single_vae_starts_from_the_settings_of_every_vae() -> None:
    changes = {
        "vae": {"encoder": {"hidden_features": 7}, "sampler": {"latent_features": 5}},
        "vaes": {"3": {"encoder": {"kind": "conv"}, "optimizer": {"lr": 0.5}}, "4": {}},
    }

    settings = parse_settings({"model": "vae-gan", "vae_gan": changes}).vae_gan

    assert settings.vaes["3"].encoder == ConvPictureEncoderSettings()
    assert settings.vaes["3"].sampler.latent_features == 5
    assert settings.vaes["3"].optimizer == AdamSettings(lr=0.5, betas=(0.5, 0.999))
    assert settings.vaes["4"] == settings.vae
    assert settings.vaes["4"].encoder == MlpPictureEncoderSettings(hidden_features=7)


def test_another_kind_starts_from_its_own_defaults() -> None:
    changes = {"vae": {"optimizer": {"kind": "sgd"}, "schedule": {"kind": "constant"}}}

    settings = parse_settings({"model": "vae-gan", "vae_gan": changes}).vae_gan

    assert (settings.vae.optimizer.kind, settings.vae.optimizer.lr) == ("sgd", 0.1)
    assert settings.vae.schedule.kind == "constant"
