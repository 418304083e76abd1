import warnings

import pytest

from nested_lightning.app.vae_gan.collapse_watch import CollapseWatch

HEALTHY = {"discriminator_real_accuracy": 0.8, "discriminator_generated_accuracy": 0.9, "kl.3": 4.0}


def test_a_healthy_training_is_not_warned_of() -> None:
    watch = CollapseWatch(patience_steps=1)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        watch.observe(HEALTHY, num_steps=100, has_warmed_up=True)
        watch.observe({"kl.3": 4.0, "loss": 1.0}, num_steps=100, has_warmed_up=True)


def test_a_perfect_discriminator_is_warned_of_once_after_many_steps_in_a_row() -> None:
    watch = CollapseWatch(patience_steps=30)
    perfect = {"discriminator_real_accuracy": 1.0, "discriminator_generated_accuracy": 1.0}

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for means in (perfect, perfect, HEALTHY, perfect, perfect):
            watch.observe(means, num_steps=10, has_warmed_up=True)
        assert not caught
        watch.observe(perfect, num_steps=10, has_warmed_up=True)
        watch.observe(perfect, num_steps=10, has_warmed_up=True)

    assert len(caught) == 1
    assert "no mistake for 30 steps" in str(caught[0].message)
    assert "raise vae_gan.gradient_penalty" in str(caught[0].message)


def test_a_vanished_kl_is_warned_of_after_its_warm_up_by_the_vaes_name() -> None:
    watch = CollapseWatch()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        watch.observe({"kl.3": 0.001}, num_steps=10, has_warmed_up=False)
    with pytest.warns(UserWarning, match=r"VAE '3' is next to 0.* lower vae_gan\.kl_weight"):
        watch.observe({"kl.3": 0.001}, num_steps=10, has_warmed_up=True)


def test_vanished_kl_divergences_of_several_vaes_are_one_warning() -> None:
    watch = CollapseWatch()

    with pytest.warns(UserWarning, match="VAEs '3', '5' is next to 0"):
        watch.observe({"kl.3": 0.001, "kl.5": 0.0, "kl.7": 2.0}, num_steps=10, has_warmed_up=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        watch.observe({"kl.3": 0.001, "kl.7": 0.0}, num_steps=10, has_warmed_up=True)


def test_losses_that_are_not_finite_are_warned_of_by_name() -> None:
    with pytest.warns(UserWarning, match=r"not finite any more \(kl\.3\): lower the learning rates"):
        CollapseWatch().observe({"kl.3": float("nan"), "loss": 1.0}, num_steps=1, has_warmed_up=False)
