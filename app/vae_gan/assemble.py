"""Puts a `VaeGan` together from injected factories and the data's spec."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from pytorch_lightning import Callback
from torch import nn

from nested_lightning.app.assembly.assembler import Assembler
from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.assembly.names import escape_name
from nested_lightning.app.checkpoints.recipe import Recipe
from nested_lightning.app.errors import did_you_mean
from nested_lightning.app.submodules.feature_classifier import FeatureClassifier
from nested_lightning.app.submodules.vae import VariationalAutoencoder
from nested_lightning.app.training.optimization import OptimizerFactory, ScheduleFactory
from nested_lightning.app.vae_gan.collapse_watch import CollapseWatch
from nested_lightning.app.vae_gan.model import VaeGan
from nested_lightning.app.vae_gan.objective import VaeGanObjective
from nested_lightning.app.vae_gan.spec import VaeGanDataSpec
from nested_lightning.app.vae_gan.step import SHARED
from nested_lightning.app.vae_gan.turns import Turns

Named = Callable[..., Any]
"""A factory whose first argument is the name of what it is for."""


def assemble_vae_gan(
    *,
    data_spec: VaeGanDataSpec,
    vae: Named,
    encoder: Named,
    sampler: Named,
    decoder: Named,
    discriminator: Named,
    classifier: Callable[..., Any],
    vae_optimizer: Named,
    vae_schedule: Named,
    discriminator_optimizer: OptimizerFactory,
    discriminator_schedule: ScheduleFactory,
    assembler: Assembler,
    objective: VaeGanObjective,
    is_discriminator_shared: bool = True,
    turns: Turns | None = None,
    gradient_clip_norm: float | None = None,
    collapse_watch: CollapseWatch | None = None,
    recipe: Recipe | None = None,
    callbacks: Sequence[Callback] = (),
    configured_vaes: Iterable[str] = (),
) -> VaeGan:
    """Build the VAE of each group of domains, the discriminator or one for each VAE, and the classifier.

    Args:
        data_spec: Sizes of the pictures, domains and their groups.
        vae: Called with a VAE's name, its ``encoder``, ``sampler``, ``decoder`` and ``num_domains``.
        encoder: Called with a VAE's name, ``channels``, ``image_size`` and ``condition_features``.
        sampler: Called with a VAE's name, ``in_features`` and ``num_domains``.
        decoder: Called with a VAE's name, ``in_features`` and what an encoder takes.
        discriminator: Called with ``shared`` or a VAE's name, ``channels``, ``image_size``, ``num_domains``.
        classifier: Called with ``channels``, ``image_size`` and ``num_domains``.
        vae_optimizer: Called with a VAE's name and its parameters.
        vae_schedule: Called with a VAE's name, its optimiser and the number of its steps.
        discriminator_optimizer: Called with a discriminator's parameters.
        discriminator_schedule: Called with a discriminator's optimiser and the number of its steps.
        assembler: Seeds, names and checks each of them.
        objective: See `VaeGan`.
        is_discriminator_shared: Whether one discriminator judges the pictures of all VAEs.
        turns: See `VaeGan`.
        gradient_clip_norm: See `VaeGan`.
        collapse_watch: See `VaeGan`.
        recipe: See `VaeGan`.
        callbacks: See `VaeGan`.
        configured_vaes: VAEs that have settings of their own; each must be there.

    Raises:
        CompositionError: Submodules don't fit together, or a configured VAE isn't there.
    """
    names = tuple(data_spec.groups)
    for name in configured_vaes:
        if name not in names:
            path = f"{assembler.locate('vaes')}.{name}"
            assembler.report(
                CompositionError(
                    f"{path}: there is no such VAE{did_you_mean(name, names)} "
                    f"(VAEs: {', '.join(names)}; vae_gan.data.grouping makes them of the domains)",
                    path=path,
                )
            )
    size = {"channels": data_spec.channels, "image_size": data_spec.image_size}
    vaes = {}
    for name, domains in data_spec.groups.items():
        factories = {"vae": vae, "encoder": encoder, "sampler": sampler, "decoder": decoder}
        vaes[name] = _build_vae(name, len(domains), factories, assembler, size)
    judges = {}
    for name in (SHARED,) if is_discriminator_shared else names:
        path = f"discriminators.{escape_name(name)}"
        num_domains = len(data_spec.domains)
        judges[name] = assembler.build(path, discriminator, name, **size, num_domains=num_domains)
    own = {f"vaes.{escape_name(name)}": name for name in names}
    judged = [f"discriminators.{escape_name(name)}" for name in judges]
    fitted = assembler.build("classifier", classifier, **size, num_domains=len(data_spec.domains))
    return VaeGan(
        vaes=vaes,
        members=data_spec.members,
        discriminators=judges,
        classifier=cast(FeatureClassifier, fitted),
        optimizers=_bind(vae_optimizer, own) | dict.fromkeys(judged, discriminator_optimizer),
        schedules=_bind(vae_schedule, own) | dict.fromkeys(judged, discriminator_schedule),
        objective=objective,
        turns=turns,
        gradient_clip_norm=gradient_clip_norm,
        collapse_watch=collapse_watch,
        recipe=recipe,
        callbacks=callbacks,
    )


def _build_vae(
    name: str,
    num_domains: int,
    factories: Mapping[str, Named],
    assembler: Assembler,
    size: Mapping[str, int],
) -> VariationalAutoencoder:
    path = f"vaes.{escape_name(name)}"
    sizes = {**size, "condition_features": num_domains if num_domains > 1 else 0}
    parts: dict[str, nn.Module] = {}
    parts["encoder"] = assembler.build(f"{path}.encoder", factories["encoder"], name, **sizes)
    features = assembler.published_width(f"{path}.encoder", parts["encoder"])
    parts["sampler"] = assembler.build(
        f"{path}.sampler", factories["sampler"], name, in_features=features, num_domains=num_domains
    )
    assembler.check_width(
        f"{path}.sampler", parts["sampler"], giver=assembler.locate(f"{path}.encoder"), given=features
    )
    latent = assembler.published_width(f"{path}.sampler", parts["sampler"])
    parts["decoder"] = assembler.build(
        f"{path}.decoder", factories["decoder"], name, in_features=latent, **sizes
    )
    assembler.check_width(
        f"{path}.decoder", parts["decoder"], giver=assembler.locate(f"{path}.sampler"), given=latent
    )
    built: Any = assembler.build(path, factories["vae"], name, **parts, num_domains=num_domains)
    return built


def _bind(factory: Named, names: Mapping[str, str]) -> dict[str, Callable[..., Any]]:
    """Return the factory with each name bound as first argument, by the name's path."""
    return {path: partial(factory, name) for path, name in names.items()}
