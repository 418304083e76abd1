"""What rows and columns of a model's weights stand for."""

from collections.abc import Iterator

from nested_lightning.app.assembly.names import escape_name
from nested_lightning.app.training.meanings import Meaning
from nested_lightning.app.vae_gan.spec import VaeGanDataSpec


def meanings_of(spec: VaeGanDataSpec) -> Iterator[Meaning]:
    """Yield what names of domains stand for in the discriminators and in each VAE of several domains."""
    yield Meaning(part="discriminators", what="domains", names=spec.domains)
    for name, domains in spec.groups.items():
        if len(domains) > 1:  # encoder and decoder are given the domain
            yield Meaning(part=f"vaes.{escape_name(name)}", what="domains", names=domains, binds="part")
