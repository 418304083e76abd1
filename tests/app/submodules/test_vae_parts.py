"""Encoders, latent samplers, decoders, discriminators, and the VAE that they make."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from nested_lightning.app.submodules.discriminators import ConvDiscriminator, MlpDiscriminator
from nested_lightning.app.submodules.feature_classifier import FeatureClassifier
from nested_lightning.app.submodules.latent_samplers import FittedGaussianSampler, GaussianSampler, Posterior
from nested_lightning.app.submodules.picture_decoders import ConvPictureDecoder, MlpPictureDecoder
from nested_lightning.app.submodules.picture_encoders import ConvPictureEncoder, MlpPictureEncoder
from nested_lightning.app.submodules.vae import VariationalAutoencoder


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def test_noise_of_the_decoder_varies_samples_and_is_no_part_of_decoding() -> None:
    decoder = MlpPictureDecoder(in_features=2, channels=1, image_size=4, noise_scale=0.5)
    vae = VariationalAutoencoder(
        encoder=MlpPictureEncoder(channels=1, image_size=4),
        sampler=GaussianSampler(in_features=256, num_domains=1, latent_features=2),
        decoder=decoder,
    )
    member, latent = torch.zeros(3, dtype=torch.int64), torch.zeros(3, 2)
    noise = torch.randn(3, decoder.noise_features)

    decoded, noisy = vae.decode(latent, member), decoder(latent, torch.zeros(3, 0), noise)

    assert torch.equal(decoded, decoder(latent, torch.zeros(3, 0), 0 * noise))
    assert not torch.equal(noisy[0], noisy[1])
    seeded = [vae.sample(member, generator=torch.Generator().manual_seed(1)) for _ in range(2)]
    assert torch.equal(*seeded)
    output = vae(torch.rand(3, 1, 4, 4), member)
    output.pixel_error.backward()
    assert decoder.noise_scales.grad is not None
    assert decoder.noise_scales.grad.abs().sum() > 0


def test_a_decoder_without_noise_takes_none() -> None:
    decoder = MlpPictureDecoder(in_features=2, channels=1, image_size=4)

    assert decoder.noise_features == 0
    assert "noise_scales" not in decoder.state_dict()


@pytest.mark.parametrize("image_size", [1, 4, 7, 8, 32])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("encoder", "decoder"),
    [(MlpPictureEncoder, MlpPictureDecoder), (ConvPictureEncoder, ConvPictureDecoder)],
)
def test_pictures_of_any_square_size_go_in_and_come_out(
    image_size: int, channels: int, encoder: Callable[..., nn.Module], decoder: Callable[..., nn.Module]
) -> None:
    sizes = {"image_size": image_size, "channels": channels, "condition_features": 2}
    pictures, condition = torch.rand(3, channels, image_size, image_size), torch.eye(3)[:, :2]

    features = encoder(**sizes)(pictures, condition)
    decoded = decoder(in_features=256, **sizes)(features, condition)

    assert features.shape == (3, 256)
    assert decoded.shape == pictures.shape
    assert ((decoded > 0) & (decoded < 1)).all()


def test_kl_divergence_is_that_of_torch() -> None:
    posterior = Posterior(mean=torch.randn(4, 3), log_variance=torch.randn(4, 3))
    normal = torch.distributions.Normal
    wanted = torch.distributions.kl_divergence(
        normal(posterior.mean, (posterior.log_variance / 2).exp()), normal(0.0, 1.0)
    )

    torch.testing.assert_close(posterior.kl_divergence(), wanted.sum(dim=1))


def test_drawn_latents_have_the_posteriors_moments() -> None:
    mean, log_variance = torch.tensor([[2.0, -1.0]]), torch.tensor([[0.0, -2.0]])
    posterior = Posterior(mean=mean.expand(20_000, -1), log_variance=log_variance.expand(20_000, -1))

    drawn = posterior.draw()

    torch.testing.assert_close(drawn.mean(dim=0), mean[0], atol=0.03, rtol=0)
    torch.testing.assert_close(drawn.var(dim=0), log_variance[0].exp(), atol=0.03, rtol=0)


def test_the_plain_sampler_draws_from_the_standard_normal() -> None:
    sampler = GaussianSampler(in_features=4, num_domains=1, latent_features=3)

    drawn = sampler.draw(torch.zeros(20_000, dtype=torch.int64), generator=torch.Generator().manual_seed(0))

    torch.testing.assert_close(drawn.mean(dim=0), torch.zeros(3), atol=0.03, rtol=0)
    torch.testing.assert_close(torch.cov(drawn.T), torch.eye(3), atol=0.04, rtol=0)


def test_the_fitted_sampler_draws_from_where_each_domain_has_its_latents() -> None:
    sampler = FittedGaussianSampler(in_features=2, num_domains=2, latent_features=2)
    with torch.no_grad():
        sampler.linear.weight.copy_(torch.cat([torch.eye(2), torch.zeros(2, 2)]))
        sampler.linear.bias.copy_(torch.tensor([0.0, 0.0, -8.0, -8.0]))
    centres = torch.tensor([[3.0, 0.0], [0.0, -2.0]])
    mixing = torch.tensor([[1.0, 0.8], [0.0, 0.6]])  # correlated features
    for _ in range(60):
        member = torch.randint(2, (100,))
        sampler(centres[member] + torch.randn(100, 2) @ mixing, member)

    member = torch.tensor([0, 1]).repeat_interleave(20_000)
    drawn = sampler.eval().draw(member)

    for domain in (0, 1):
        own = drawn[member == domain]
        torch.testing.assert_close(own.mean(dim=0), centres[domain], atol=0.15, rtol=0)
        torch.testing.assert_close(torch.cov(own.T), mixing.T @ mixing, atol=0.15, rtol=0)


def test_the_fitted_moments_of_a_first_batch_are_its_own_and_stand_still_in_evaluation() -> None:
    sampler = FittedGaussianSampler(in_features=2, num_domains=2, latent_features=3)
    features, member = torch.randn(8, 2), torch.zeros(8, dtype=torch.int64)

    posterior = sampler(features, member)
    sampler.eval()(features + 9, member)

    torch.testing.assert_close(sampler.prior_mean[0], posterior.mean.mean(dim=0))
    within = posterior.log_variance.exp().mean(dim=0).diag()
    torch.testing.assert_close(
        sampler.prior_covariance[0], torch.cov(posterior.mean.T, correction=0) + within
    )
    assert torch.equal(sampler.prior_covariance[1], torch.eye(3))


def test_a_generator_decides_what_is_drawn() -> None:
    sampler = FittedGaussianSampler(in_features=2, num_domains=1, latent_features=3)
    member = torch.zeros(5, dtype=torch.int64)
    state = torch.get_rng_state()

    first, again = (sampler.draw(member, generator=torch.Generator().manual_seed(1)) for _ in range(2))

    assert torch.equal(first, again)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("discriminator", [MlpDiscriminator, ConvDiscriminator])
def test_a_discriminator_heeds_pictures_and_domains(discriminator: Callable[..., nn.Module]) -> None:
    judge = discriminator(channels=3, image_size=8, num_domains=4, hidden_features=10)
    pictures = torch.rand(2, 3, 8, 8)

    logits, features = judge(pictures, torch.tensor([0, 0]))
    others, same_features = judge(pictures, torch.tensor([0, 3]))

    assert logits.shape == (2,)
    assert features.shape == (2, 10)
    assert torch.equal(features, same_features)
    assert logits[0] == others[0]
    assert logits[1] != others[1]


@pytest.mark.parametrize("discriminator", [MlpDiscriminator, ConvDiscriminator])
def test_spectral_normalisation_bounds_each_layer(discriminator: Callable[..., nn.Module]) -> None:
    judge = discriminator(channels=1, image_size=4, num_domains=3, hidden_features=6, use_spectral_norm=True)
    with torch.no_grad():
        for name, parameter in judge.named_parameters():
            if name.endswith("original"):
                parameter.mul_(50)
    for _ in range(20):
        judge(torch.rand(2, 1, 4, 4), torch.tensor([0, 1]))

    weights = [m.weight for m in judge.modules() if isinstance(m, nn.Linear | nn.Conv2d | nn.Embedding)]
    norms = [float(torch.linalg.matrix_norm(weight.detach().flatten(1), ord=2)) for weight in weights]
    assert norms == pytest.approx([1.0] * len(weights), abs=0.05)


class _Recording(nn.Module):
    """An encoder or decoder that keeps its condition."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.condition = torch.empty(0)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        self.condition = condition
        return self.inner(x, condition)


@pytest.mark.parametrize("num_domains", [1, 3])
def test_a_vae_of_several_domains_tells_its_parts_which_one(num_domains: int) -> None:
    width = num_domains if num_domains > 1 else 0
    encoder = _Recording(MlpPictureEncoder(channels=1, image_size=4, condition_features=width))
    decoder = _Recording(MlpPictureDecoder(in_features=5, channels=1, image_size=4, condition_features=width))
    sampler = FittedGaussianSampler(in_features=256, num_domains=num_domains, latent_features=5)
    vae = VariationalAutoencoder(encoder=encoder, sampler=sampler, decoder=decoder, num_domains=num_domains)
    member = torch.arange(4) % num_domains
    pictures = torch.rand(4, 1, 4, 4)

    output = vae(pictures, member, has_samples=True)

    assert encoder.condition.shape == (4, width)
    assert decoder.condition.shape == (8, width)
    assert output.reconstructions.shape == pictures.shape
    assert output.samples is not None
    assert output.samples.shape == pictures.shape
    error = (output.reconstructions - pictures).square().sum() / 4
    torch.testing.assert_close(output.pixel_error, error)
    assert vae(pictures, member).samples is None


def test_the_classifier_learns_draws_from_no_global_generator_and_is_frozen() -> None:
    pictures = torch.rand(60, 1, 4, 4) * 0.3
    domain = torch.arange(60) % 3
    for index in range(3):
        pictures[domain == index, :, index] += 0.6
    classifier = FeatureClassifier(channels=1, image_size=4, num_domains=3, num_steps=150)
    state = torch.get_rng_state()

    classifier.fit(pictures, domain, seed=1)

    assert torch.equal(torch.get_rng_state(), state)
    assert classifier.is_fitted
    assert (classifier(pictures).argmax(dim=1) == domain).all()
    assert not any(parameter.requires_grad for parameter in classifier.parameters())
