"""The container of vae-gan: what is injected, overridden, seeded, owned and trained."""

from pathlib import Path
from typing import Any

import pytest
import torch
from dependency_injector import providers
from torch import Tensor, nn

from nested_lightning import SettingsError, bootstrap, from_checkpoint
from nested_lightning.app.assembly.errors import CompositionError, WidthError
from nested_lightning.app.errors import UserError
from nested_lightning.app.submodules.latent_samplers import GaussianSampler
from nested_lightning.app.submodules.picture_encoders import ConvPictureEncoder, MlpPictureEncoder
from nested_lightning.settings.reading.merging import merge


class MockEncoder(nn.Module):
    """Gives a learned constant, and counts its calls."""

    def __init__(self, *, channels: int, image_size: int, condition_features: int) -> None:
        super().__init__()
        self.out_features = 5
        self.constant = nn.Parameter(torch.ones(5))
        self.num_calls = 0

    def forward(self, pictures: Tensor, condition: Tensor) -> Tensor:
        self.num_calls += 1
        return self.constant.expand(len(pictures), -1)


def test_a_mock_encoder_in_one_vae_leaves_the_others_initial_weights(
    picture_settings: dict[str, Any],
) -> None:
    container = bootstrap(picture_settings)
    before = container.vae_gan.model().state_dict()

    with container.vae_gan.vaes["line"].encoder.override(providers.Factory(MockEncoder)):
        model = container.vae_gan.model()

    after = model.state_dict()
    assert isinstance(model.vaes["line"].encoder, MockEncoder)
    siblings = [name for name in before if not name.startswith("vaes.line.")]
    assert any(name.startswith("vaes.dot.encoder.") for name in siblings)
    assert any(name.startswith("discriminators.shared.") for name in siblings)
    assert all(torch.equal(before[name], after[name]) for name in siblings)
    decoders = [name for name in before if name.startswith("vaes.line.decoder.")]
    assert all(torch.equal(before[name], after[name]) for name in decoders)
    assert isinstance(container.vae_gan.model().vaes["line"].encoder, MlpPictureEncoder)


@pytest.mark.slow
def test_a_mock_encoder_in_every_vae_trains(picture_settings: dict[str, Any]) -> None:
    container = bootstrap(picture_settings)

    with container.vae_gan.encoder.override(providers.Factory(MockEncoder)):
        run = container.vae_gan.training_run()
        run()

    assert all(vae.encoder.num_calls > 0 for vae in run.model.vaes.values())
    assert all(not torch.equal(vae.encoder.constant, torch.ones(5)) for vae in run.model.vaes.values())


def test_the_discriminator_and_a_whole_vae_are_overridden_by_name(picture_settings: dict[str, Any]) -> None:
    container = bootstrap(picture_settings)
    own = container.vae_gan.model().vaes["dot"]

    with container.vae_gan.vaes["dot"].override(providers.Object(own)):
        assert container.vae_gan.model().vaes["dot"] is own
    discriminator = container.vae_gan.model().discriminators["shared"]
    with container.vae_gan.discriminators["shared"].override(providers.Object(discriminator)):
        assert container.vae_gan.model().discriminators["shared"] is discriminator


def test_single_vaes_have_settings_of_their_own_over_those_of_every_vae(
    picture_settings: dict[str, Any],
) -> None:
    single = {"vae_gan": {"vaes": {"ring": {"encoder": {"kind": "conv"}, "optimizer": {"lr": 0.5}}}}}
    container = bootstrap(merge(picture_settings, single))

    model = container.vae_gan.model()

    assert isinstance(model.vaes["ring"].encoder, ConvPictureEncoder)
    assert isinstance(model.vaes["dot"].encoder, MlpPictureEncoder)
    assert model.vaes["ring"].sampler.out_features == 3
    parameters = list(model.vaes["ring"].parameters())
    assert container.vae_gan.vaes["ring"].optimizer(parameters).defaults["lr"] == 0.5
    assert container.vae_gan.vaes["dot"].optimizer(parameters).defaults["lr"] == 1e-3


def test_settings_of_a_vae_that_is_not_there_are_refused(picture_settings: dict[str, Any]) -> None:
    container = bootstrap(merge(picture_settings, {"vae_gan": {"vaes": {"lime": {}}}}))

    with pytest.raises(CompositionError, match=r"vae_gan\.vaes\.lime: .*did you mean 'line'"):
        container.vae_gan.model()


def test_a_part_that_is_not_there_is_no_attribute(picture_settings: dict[str, Any]) -> None:
    container = bootstrap(picture_settings)

    with pytest.raises(AttributeError, match="there is no part 'head'"):
        _ = container.vae_gan.vaes["line"].head


def test_a_sampler_of_another_width_is_refused_by_both_paths(picture_settings: dict[str, Any]) -> None:
    container = bootstrap(picture_settings)
    wrong = providers.Object(GaussianSampler(in_features=7, num_domains=1, latent_features=3))

    with (
        container.vae_gan.vaes["line"].sampler.override(wrong),
        pytest.raises(
            WidthError, match=r"vaes\.line\.encoder gives 12 .* vae_gan\.vaes\.line\.sampler takes 7"
        ),
    ):
        container.vae_gan.model()


def test_a_parameter_in_two_vaes_is_refused(picture_settings: dict[str, Any]) -> None:
    container = bootstrap(picture_settings)
    shared = providers.Object(MlpPictureEncoder(channels=1, image_size=6, hidden_features=12))

    with (
        container.vae_gan.encoder.override(shared),
        pytest.raises(CompositionError, match=r"belongs to vaes\.dot and vaes\.line and vaes\.ring"),
    ):
        container.vae_gan.model()


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {
            "vae": {"encoder": {"kind": "conv"}, "decoder": {"kind": "conv"}},
            "discriminator": {"kind": "conv"},
        },
        {"vae": {"sampler": {"kind": "gaussian"}}, "reconstruction": "features"},
        {"is_discriminator_shared": False, "discriminator": {"use_spectral_norm": True, "dropout": 0.2}},
        {"data": {"grouping": {"kind": "together"}}, "instance_noise": 0.1, "gradient_penalty": 0.0},
        {"data": {"grouping": {"kind": "explicit", "groups": {"a": ["ring"], "b": ["dot", "line"]}}}},
        {"adversarial_weight": 0.0},
        {"vaes_every_n_batches": 2, "gradient_clip_norm": 0.1},
        {"discriminator_every_n_batches": 3, "vae": {"schedule": {"kind": "constant"}}},
    ],
)
def test_each_choice_trains_and_its_checkpoint_needs_no_data(
    picture_settings: dict[str, Any], picture_folder: Path, changes: dict[str, Any]
) -> None:
    settings = merge(picture_settings, {"vae_gan": changes, "trainer": {"max_epochs": 2}})
    run = bootstrap(settings).vae_gan.training_run()
    result = run()
    picture_folder.rename(picture_folder.with_name("gone"))

    restored = from_checkpoint(result.best_checkpoint).vae_gan

    assert result.num_steps == 4
    assert result.test_metrics["test_reconstruction"] > 0
    model = restored.model()
    torch.testing.assert_close(model.state_dict(), run.model.state_dict(), rtol=0, atol=0)
    assert restored.predictor().sample(6, domain="line", seed=1).pictures.shape == (6, 1, 6, 6)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["bf16-mixed", "64-true", "bf16-true"])
def test_each_precision_trains(picture_settings: dict[str, Any], precision: str) -> None:
    run = bootstrap(merge(picture_settings, {"trainer": {"precision": precision}})).vae_gan.training_run()
    before = nn.utils.parameters_to_vector(run.model.vaes.parameters()).clone().double()

    result = run()

    after = nn.utils.parameters_to_vector(run.model.vaes.parameters()).double()
    assert result.num_steps == 8
    assert (after.isfinite() & (after != before)).float().mean() > 0.5


def test_what_the_trainer_cannot_do_with_several_optimisers_is_refused(
    picture_settings: dict[str, Any], tmp_path: Path
) -> None:
    for setting, value in (("gradient_clip_norm", 1.0), ("accumulate_grad_batches", 2)):
        changes = {"trainer": {setting: value}, "run_dir": str(tmp_path / setting)}
        run = bootstrap(merge(picture_settings, changes)).vae_gan.training_run()
        with pytest.raises(UserError, match=rf"trainer\.{setting} .*can't be used .* vae_gan\."):
            run()


def test_a_split_by_a_column_is_no_choice_for_pictures(picture_settings: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=r"vae_gan\.data\.split\.kind = 'column': unknown choice"):
        bootstrap(merge(picture_settings, {"vae_gan": {"data": {"split": {"kind": "column"}}}}))
