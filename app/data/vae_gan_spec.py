"""What a model must know of pictures in domains: plain facts that a checkpoint carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, PositiveInt, TypeAdapter, ValidationError

from app.errors import UserError


@dataclass(frozen=True, kw_only=True)
class VaeGanDataSpec:
    """Everything that turns files into batches, and domain indices back into names.

    Attributes:
        image_size: Pixels to each side of a picture.
        channels: 1 for shades of grey, 3 for colours.
        domains: Name of each domain, by its index.
        domain_counts: Training pictures of each domain, by its index.
        groups: Names of the domains that one VAE is for, by the VAE's name, in order.
        fingerprint: Hash of the data, by which a training that goes on knows them again; None: not known.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    image_size: PositiveInt
    channels: PositiveInt
    domains: Annotated[tuple[str, ...], Field(min_length=1)]
    domain_counts: tuple[int, ...]
    groups: Annotated[dict[str, tuple[str, ...]], Field(min_length=1)]
    fingerprint: str | None = None

    @property
    def members(self) -> dict[str, tuple[int, ...]]:
        """Indices of the domains of each VAE, by the VAE's name."""
        return {
            name: tuple(self.domains.index(domain) for domain in domains)
            for name, domains in self.groups.items()
        }

    def to_dict(self) -> dict[str, Any]:
        """Return dicts, lists, str and int only, for a ``weights_only`` checkpoint."""
        plain: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return plain

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> VaeGanDataSpec:
        """Return the spec that ``to_dict`` wrote.

        Raises:
            UserError: ``data`` is not such a dict; the message names each wrong field.
        """
        try:
            return _ADAPTER.validate_python(data)
        except ValidationError as error:
            faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
            raise UserError(f"This is no data spec of the vae-gan family: {'; '.join(faults)}") from None


_ADAPTER = TypeAdapter(VaeGanDataSpec)
