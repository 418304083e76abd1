"""What every family's data spec has in common: it is plain facts that a checkpoint carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, ClassVar, Self

from pydantic import ConfigDict, TypeAdapter, ValidationError

from nested_lightning.app.errors import UserError


class Facts:
    """Base of dataclasses of plain facts, which are read of plain data that hold nothing else."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


@dataclass(frozen=True, kw_only=True)
class DataSpec(Facts):
    """The plain facts of the data that a model is built from; each family adds its own.

    Attributes:
        family: Name of the family, for messages.
        fingerprint: Hash of the data, by which a training that goes on knows them again; None: not known.
    """

    family: ClassVar[str]

    fingerprint: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return dicts, lists, str, float, int, bool and None only, for a ``weights_only`` checkpoint."""
        return self._plain

    @cached_property
    def _plain(self) -> dict[str, Any]:
        plain: dict[str, Any] = self._adapter().dump_python(self, mode="json")
        return plain

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the spec that ``to_dict`` wrote.

        Raises:
            UserError: ``data`` is not such a dict; the message names each wrong field.
        """
        try:
            spec: Self = cls._adapter().validate_python(data)
        except ValidationError as error:
            faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
            raise UserError(f"This is no data spec of the {cls.family} family: {'; '.join(faults)}") from None
        return spec

    @classmethod
    @cache
    def _adapter(cls) -> TypeAdapter[Any]:
        return TypeAdapter(cls)
