"""Watches the losses of a generative adversarial network, and says what to change when it collapses."""

import math
import warnings
from collections.abc import Mapping

from nested_lightning.app.errors import name_list

MIN_KL = 0.05
"""Nats below which a latent vector says next to nothing of its picture."""


class CollapseWatch:
    """Warns once of each kind of collapse.

    Args:
        patience_steps: Training steps in a row in which the discriminator makes no mistake at all before that
            counts as a collapse, at least 1.
    """

    def __init__(self, *, patience_steps: int = 1000) -> None:
        self._patience_steps = patience_steps
        self._perfect_steps = 0
        self._warned: set[str] = set()

    def observe(self, means: Mapping[str, float], *, num_steps: int, has_warmed_up: bool) -> None:
        """Look at the means of an epoch; ``has_warmed_up``: the KL divergence has its whole weight.

        They are what there is of ``discriminator_real_accuracy``, ``discriminator_generated_accuracy``,
        ``kl.NAME`` of each VAE, and other losses by name.
        """
        if broken := [name for name, value in means.items() if not math.isfinite(value)]:
            self._warn(
                "not finite",
                f"losses are not finite any more ({', '.join(broken)}): lower the learning rates"
                " (vae_gan.vae.optimizer.lr, vae_gan.discriminator_optimizer.lr), or set"
                " vae_gan.gradient_clip_norm",
            )
        self._watch_discriminator(means, num_steps)
        if has_warmed_up:
            self._watch_latents(means)

    def _watch_discriminator(self, means: Mapping[str, float], num_steps: int) -> None:
        accuracies = [means.get(f"discriminator_{kind}_accuracy", 0.0) for kind in ("real", "generated")]
        self._perfect_steps = self._perfect_steps + num_steps if min(accuracies) == 1.0 else 0
        if self._perfect_steps >= self._patience_steps:
            self._warn(
                "perfect discriminator",
                f"the discriminator has made no mistake for {self._perfect_steps:,} steps, so that the VAEs"
                " learn nothing from it: raise vae_gan.gradient_penalty or vae_gan.instance_noise, lower"
                " vae_gan.discriminator_optimizer.lr, raise vae_gan.discriminator_every_n_batches, or set"
                " vae_gan.discriminator.use_spectral_norm=true",
            )

    def _watch_latents(self, means: Mapping[str, float]) -> None:
        vaes = [name[3:] for name, value in means.items() if name.startswith("kl.") and value < MIN_KL]
        if vaes:
            self._warn(
                "latents",
                f"the KL divergence of {'VAEs' if vaes[1:] else 'VAE'} {name_list(vaes)} is next to 0, so"
                " that the decoder doesn't heed the latent vector: lower vae_gan.kl_weight, or raise"
                " vae_gan.kl_warmup_fraction or vae_gan.reconstruction_weight",
            )

    def _warn(self, kind: str, message: str) -> None:
        if kind not in self._warned:
            self._warned.add(kind)
            warnings.warn(message, stacklevel=2)
