"""What a model must know of pictures in domains: plain facts that a checkpoint carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field, PositiveInt

from nested_lightning.app.data.data_spec import DataSpec


@dataclass(frozen=True, kw_only=True)
class VaeGanDataSpec(DataSpec):
    """Everything that turns files into batches, and domain indices back into names.

    Attributes:
        image_size: Pixels to each side of a picture.
        channels: 1 for shades of grey, 3 for colours.
        domains: Name of each domain, by its index.
        domain_counts: Training pictures of each domain, by its index.
        groups: Names of the domains that one VAE is for, by the VAE's name, in order.
    """

    family: ClassVar[str] = "vae-gan"

    image_size: PositiveInt
    channels: PositiveInt
    domains: Annotated[tuple[str, ...], Field(min_length=1)]
    domain_counts: tuple[int, ...]
    groups: Annotated[dict[str, tuple[str, ...]], Field(min_length=1)]

    @property
    def members(self) -> dict[str, tuple[int, ...]]:
        """Indices of the domains of each VAE, by the VAE's name."""
        return {
            name: tuple(self.domains.index(domain) for domain in domains)
            for name, domains in self.groups.items()
        }
