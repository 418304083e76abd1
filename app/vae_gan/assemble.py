"""How a `VaeGan` is wired from its parts and the data spec."""

from collections.abc import Iterable

from nested_lightning.app.assembly import protocols
from nested_lightning.app.assembly.names import escape_name
from nested_lightning.app.assembly.wiring.parts import Part, Parts, part, parts
from nested_lightning.app.assembly.wiring.published import published, refuse_unknown
from nested_lightning.app.vae_gan.model import VaeGan
from nested_lightning.app.vae_gan.spec import VaeGanDataSpec
from nested_lightning.app.vae_gan.step import SHARED


def vae_gan(
    data: VaeGanDataSpec,
    model: Part[VaeGan],
    vaes: Parts[protocols.Vae] = parts(),
    encoders: Parts[protocols.PictureEncoder] = parts(at="vaes.{}.encoder"),
    samplers: Parts[protocols.LatentSampler] = parts(at="vaes.{}.sampler"),
    decoders: Parts[protocols.PictureDecoder] = parts(at="vaes.{}.decoder"),
    discriminators: Parts[protocols.Discriminator] = parts(),
    classifier: Part[protocols.PictureClassifier] = part(),
    optimizers: Parts[protocols.Optimizer] = parts(at="vaes.{}.optimizer"),
    schedules: Parts[protocols.Schedule | None] = parts(at="vaes.{}.schedule"),
    discriminator_optimizer: Part[protocols.Optimizer] = part(),
    discriminator_schedule: Part[protocols.Schedule | None] = part(),
    is_discriminator_shared: bool = True,
    configured_vaes: Iterable[str] = (),
) -> VaeGan:
    """Wire the VAE of each group of domains, the discriminator or one for each VAE, and the classifier.

    Args:
        data: Sizes of the pictures, domains and their groups.
        model: The composite.
        vaes: Each takes its ``encoder``, ``sampler``, ``decoder`` and ``num_domains``.
        encoders: Each takes ``channels``, ``image_size`` and ``condition_features``.
        samplers: Each takes ``in_features`` and ``num_domains``.
        decoders: Each takes ``in_features`` and what an encoder takes.
        discriminators: Each takes ``channels``, ``image_size`` and ``num_domains``.
        classifier: Takes the same.
        optimizers: Handed on, by the VAE's name.
        schedules: Handed on, by the VAE's name.
        discriminator_optimizer: Handed on.
        discriminator_schedule: Handed on.
        is_discriminator_shared: Whether one discriminator judges the pictures of all VAEs.
        configured_vaes: VAEs that have settings of their own; each must be there.

    Raises:
        CompositionError: Parts don't fit together, or a configured VAE isn't there.
    """
    origin = "VAEs: {}; vae_gan.data.grouping makes them of the domains"
    refuse_unknown(configured_vaes, data.groups, at="vae_gan.vaes", what="there is no such VAE", are=origin)
    size = {"channels": data.channels, "image_size": data.image_size}
    built = {}
    for name, domains in data.groups.items():
        num_domains = len(domains)
        sizes = {**size, "condition_features": num_domains if num_domains > 1 else 0}
        encoder = encoders[name](**sizes)
        sampler = samplers[name](in_features=published(encoder), num_domains=num_domains)
        decoder = decoders[name](in_features=published(sampler), **sizes)
        built[name] = vaes[name](encoder=encoder, sampler=sampler, decoder=decoder, num_domains=num_domains)
    judges = (SHARED,) if is_discriminator_shared else tuple(built)
    own = {name: f"vaes.{escape_name(name)}" for name in built}
    judged = [f"discriminators.{escape_name(name)}" for name in judges]
    num_domains = len(data.domains)
    return model(
        vaes=built,
        members=data.members,
        discriminators={name: discriminators[name](**size, num_domains=num_domains) for name in judges},
        classifier=classifier(**size, num_domains=num_domains),
        optimizers={own[name]: optimizers[name] for name in own}
        | dict.fromkeys(judged, discriminator_optimizer),
        schedules={own[name]: schedules[name] for name in own}
        | dict.fromkeys(judged, discriminator_schedule),
    )
