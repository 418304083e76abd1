"""The composite of the family vae-gan.

Shapes: B pictures of a batch, C channels, S pixels to a side, N domains.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from pytorch_lightning import Callback
from torch import Tensor, nn
from typing_extensions import override

from nested_lightning.app.assembly.composite import Composite
from nested_lightning.app.assembly.names import escape_name
from nested_lightning.app.submodules.feature_classifier import FeatureClassifier
from nested_lightning.app.submodules.vae import VariationalAutoencoder
from nested_lightning.app.training.meanings import Meaning
from nested_lightning.app.training.optimization import OptimizerFactory, ScheduleFactory
from nested_lightning.app.training.reporting.progress import tracked
from nested_lightning.app.vae_gan.batch import PictureBatch
from nested_lightning.app.vae_gan.collapse_watch import CollapseWatch
from nested_lightning.app.vae_gan.component_optimization import (
    Component,
    ComponentOptimizers,
    check_ownership,
    count_batch,
    refuse_automatic_gradients,
)
from nested_lightning.app.vae_gan.objective import VaeGanObjective
from nested_lightning.app.vae_gan.picture_scores import PictureScores, RunningMeans
from nested_lightning.app.vae_gan.spec import VaeGanDataSpec
from nested_lightning.app.vae_gan.step import Attendance, DomainRouting, Generation, judge_paths, judgements
from nested_lightning.app.vae_gan.turns import Turns


class VaeGan(Composite):
    """Several variational autoencoders within a generative adversarial network.

    After Larsen et al., https://arxiv.org/abs/1512.09300: each VAE reconstructs and samples the pictures of
    its domains, and a discriminator distinguishes both from real ones. Each VAE and each discriminator has an
    optimiser of its own; a training batch counts as one in ``global_step``.

    Args:
        vaes: VAEs by name, in order.
        members: Indices of the domains of each VAE, by the VAE's name; together 0 to N - 1, each once.
        discriminators: One named ``shared``, or one for each VAE under the VAE's name.
        classifier: In its features the quality of samples is measured; it is fitted before training.
        optimizers, schedules: Factories of them by path: ``vaes.NAME``, ``discriminators.NAME``.
        objective: Weights and kinds of the losses.
        turns: In which batches ``vaes`` and ``discriminators`` step; None: in each.
        gradient_clip_norm: Largest norm of all gradients of one component; None: any.
        collapse_watch: Gets the means of each epoch.
        **options: See `Composite`.

    Raises:
        CompositionError: A trainable parameter belongs to no optimiser or to several.
    """

    made_anew = ("classifier",)
    clipping_setting = "vae_gan.gradient_clip_norm"

    def __init__(
        self,
        *,
        vaes: Mapping[str, VariationalAutoencoder],
        members: Mapping[str, Sequence[int]],
        discriminators: Mapping[str, nn.Module],
        classifier: FeatureClassifier,
        optimizers: Mapping[str, OptimizerFactory],
        schedules: Mapping[str, ScheduleFactory],
        objective: VaeGanObjective,
        turns: Turns | None = None,
        gradient_clip_norm: float | None = None,
        collapse_watch: CollapseWatch | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.automatic_optimization = False
        self.vaes = nn.ModuleDict({escape_name(name): vae for name, vae in vaes.items()})
        self.discriminators = nn.ModuleDict({escape_name(n): module for n, module in discriminators.items()})
        self.classifier = classifier
        self.routing = DomainRouting(members)
        self.objective, self.gradient_clip_norm = objective, gradient_clip_norm
        self.collapse_watch, self.turns = collapse_watch or CollapseWatch(), turns or Turns()
        modules = {f"vaes.{name}": vae for name, vae in self.vaes.items()}
        modules |= {f"discriminators.{name}": module for name, module in self.discriminators.items()}
        components = [
            Component(path=path, module=module, optimizer=optimizers[path], schedule=schedules[path])
            for path, module in modules.items()
        ]
        check_ownership(self, components)
        self._optimization = ComponentOptimizers(components)
        self.train_means = RunningMeans()
        self.val_scores, self.test_scores = PictureScores(), PictureScores()

    @override
    def meanings(self, data_spec: Mapping[str, Any]) -> Iterator[Meaning]:
        spec = VaeGanDataSpec.from_dict(data_spec)
        yield Meaning(part="discriminators", what="domains", names=spec.domains)
        for name, domains in spec.groups.items():
            if len(domains) > 1:  # encoder and decoder are given the domain
                yield Meaning(part=f"vaes.{escape_name(name)}", what="domains", names=domains, binds="part")

    @property
    def untrained(self) -> Sequence[str]:
        """The discriminators, if the objective doesn't use them."""
        return () if self.objective.is_adversarial else ("discriminators.",)

    def vae(self, name: str) -> VariationalAutoencoder:
        """Return a VAE by its name."""
        vae: Any = self.vaes[escape_name(name)]
        return vae

    def forward(self, pictures: Tensor, domain: Tensor) -> Tensor:
        """Reconstruct pictures, [B, C, S, S] from 0 to 1, of domains of [B], from their latent means."""
        result = torch.empty_like(pictures)
        for share in self.routing(domain):
            vae = self.vae(share.vae)
            means = vae.encode(pictures[share.rows], share.member)
            result[share.rows] = vae.decode(means, share.member).to(result)
        return result

    def sample(self, domain: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Return a new picture of each domain of ``domain`` of [B], int64: [B, C, S, S], from 0 to 1."""
        shares = self.routing(domain)
        parts = [self.vae(share.vae).sample(share.member, generator=generator) for share in shares]
        rows = torch.cat([share.rows for share in shares])
        return torch.cat(parts)[rows.argsort()]

    def on_train_start(self) -> None:
        """Fit the classifier to the training pictures, unless a checkpoint brought it fitted."""
        if self.classifier.is_fitted:
            return
        datamodule: Any = self.trainer.datamodule  # type: ignore[attr-defined]
        data = datamodule.part("train").to(self.device)
        track = partial(tracked, self.trainer, "fitting the classifier of pictures")
        counts_steps = isinstance(self.classifier, FeatureClassifier)  # one of the user's need not
        options: dict[str, Any] = {"track": track} if counts_steps else {}
        self.classifier.fit(data.pictures, data.domain, **options)

    @property
    def compiled_modules(self) -> Sequence[nn.Module]:
        """Encoders and decoders; discriminators where their gradient isn't penalised.

        The penalty is a gradient's gradient, which nothing compiled has.
        """
        parts = [vae.get_submodule(part) for vae in self.vaes.values() for part in ("encoder", "decoder")]
        return parts if self.objective.gradient_penalty else [*parts, *self.discriminators.values()]

    def training_step(self, batch: PictureBatch, batch_idx: int) -> dict[str, Tensor]:
        """Step the discriminators, then the VAEs, on one batch; count it once."""
        generations = self._generate(batch)
        attendance = Attendance(self.routing.names, [each.share for each in generations])
        if self.objective.is_adversarial and self.turns.has("discriminators", self.global_step):
            self._step_discriminators(generations, attendance)
        has_turn = self.turns.has("vaes", self.global_step)
        loss = self._step_vaes(generations, attendance) if has_turn else torch.zeros((), device=self.device)
        count_batch(self)
        return {"loss": loss}

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Clip the gradients of one component, after mixed precision has put them back to scale."""
        if self.gradient_clip_norm is not None:
            self.configure_gradient_clipping(optimizer, self.gradient_clip_norm, "norm")

    def on_train_epoch_end(self) -> None:
        """Log the means of the epoch, and watch them for a collapse."""
        means = self.train_means.compute()
        self.log_whole({f"train_{name}": value for name, value in means.items()})
        self.collapse_watch.observe(
            means,
            num_steps=int(self.trainer.num_training_batches),
            has_warmed_up=self._progress() >= self.objective.kl_warmup_fraction,
        )
        self.train_means.reset()

    def validation_step(self, batch: PictureBatch, batch_idx: int) -> None:
        """Add one batch to what the validation scores."""
        self.val_scores.update(self, batch)

    def test_step(self, batch: PictureBatch, batch_idx: int) -> None:
        """Add one batch to what the test scores."""
        self.test_scores.update(self, batch)

    def predict_step(self, batch: PictureBatch, batch_idx: int) -> Tensor:
        """Return the reconstructions of a batch, [B, C, S, S]."""
        return self(batch.pictures, batch.domain)

    def on_validation_epoch_end(self) -> None:
        """Log ``val_frechet_distance`` and the other scores of `PictureScores`."""
        self.log_whole({f"val_{name}": score for name, score in self.val_scores.take(self).items()})

    def on_test_epoch_end(self) -> None:
        """Log ``test_frechet_distance`` and the other scores of `PictureScores`."""
        self.log_whole({f"test_{name}": score for name, score in self.test_scores.take(self).items()})

    def configure_optimizers(self) -> Any:
        """Build the injected optimisers and schedules, one of each for each component."""
        num_batches, paths = int(self.trainer.estimated_stepping_batches), self._optimization.components
        return self._optimization.configure({one: self.turns.num_steps(one, num_batches) for one in paths})

    def configure_callbacks(self) -> list[Callback]:
        """Return the composite's own callbacks; the first hook of a training, it checks the Trainer.

        Raises:
            UserError: The Trainer would clip or gather gradients, which it can't in manual optimisation.
        """
        refuse_automatic_gradients(self.trainer)
        return super().configure_callbacks()

    def _generate(self, batch: PictureBatch) -> list[Generation]:
        generations = []
        for share in self.routing(batch.domain):
            real = batch.pictures[share.rows]
            output = self.vae(share.vae)(real, share.member, has_samples=self.objective.is_adversarial)
            generations.append(Generation(share=share, real=real, output=output))
        return generations

    def _step_discriminators(self, generations: Sequence[Generation], attendance: Attendance) -> None:
        paths = judge_paths(self.discriminators, attendance.names)
        with self._optimization.toggled(*paths):
            self._optimization.zero_grad(self.trainer, *paths)
            for module, judged in judgements(self.discriminators, generations):
                scores = self.objective.judge(module, judged)
                factor = attendance.factor(each.share.vae for each in judged)
                self._optimization.backward(self, factor * scores["loss"])
                num_pictures = sum(len(each.real) for each in judged)
                self.train_means.update({f"discriminator_{k}": v for k, v in scores.items()}, num_pictures)
            self._optimization.step(self.trainer, *paths)

    def _step_vaes(self, generations: Sequence[Generation], attendance: Attendance) -> Tensor:
        paths = [f"vaes.{escape_name(name)}" for name in attendance.names]
        total = torch.zeros((), device=self.device)
        with self._optimization.toggled(*paths):
            for module, judged in judgements(self.discriminators, generations):
                for each, losses in zip(judged, self.objective.vae_losses(module, judged), strict=True):
                    factor = attendance.factor([each.share.vae])
                    total = total + factor * self.objective.total(losses, progress=self._progress())
                    named = {f"{name}.{each.share.vae}": loss for name, loss in losses.items()}
                    self.train_means.update(named, len(each.real))
            self._optimization.zero_grad(self.trainer, *paths)
            self._optimization.backward(self, total)
            self._optimization.step(self.trainer, *paths)
        loss = total.detach() / len(paths)
        self.train_means.update({"loss": loss})
        return loss

    def _progress(self) -> float:
        return self.global_step / int(self.trainer.estimated_stepping_batches)
