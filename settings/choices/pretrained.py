"""What choices of pretrained parts have in common."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field, JsonValue

from nested_lightning.settings.base import ChoiceSettings, Follows

_MODULE = "nested_lightning.app.submodules.pretrained"


class PretrainedSettings(ChoiceSettings):
    """Where the weights of a part are, and what its files say about it.

    Attributes:
        described_by: Import path of the function that finds ``config``, ``sha256`` and ``weights_license`` of
            what `looked_for` gives.
        prepared_by: Import path of the function that says how its inputs are prepared, of what
            `prepared_from` gives.
        not_built_of: Fields that the target doesn't take.
    """

    described_by: ClassVar[str] = f"{_MODULE}.transformers_parts.describe"
    prepared_by: ClassVar[str]
    not_built_of: ClassVar[Sequence[str]] = ("weights_license",)

    weights: str = Field(
        "none", description="Folder or safetensors file; hub:NAME@REVISION that was fetched; none: untrained."
    )
    config: Annotated[dict[str, JsonValue] | None, Follows("weights")] = Field(
        None, description="What the part is, as its library says it; null: as it stands beside the weights."
    )
    sha256: Annotated[str | None, Follows("weights")] = Field(
        None, description="SHA-256 that the weights must have; null: any, and the digest is kept."
    )
    weights_license: Annotated[str | None, Follows("weights")] = Field(
        None, description="Licence of the weights; null: as it stands beside them."
    )

    def arguments(self) -> dict[str, Any]:
        """Return the fields that the target takes, by name."""
        return {name: one for name, one in super().arguments().items() if name not in self.not_built_of}

    def looked_for(self) -> dict[str, Any]:
        """Return what a part is found by."""
        return {"weights": self.weights}

    def prepared_from(self) -> dict[str, Any]:
        """Return what its inputs are prepared by."""
        return {"config": self.config}

    def without_weights(self) -> dict[str, Any]:
        """Return the plain values of a part whose weights come from elsewhere."""
        return self.model_dump(exclude_none=True) | {"weights": "none"}


class NamedSettings(PretrainedSettings):
    """A part that has a name in its library."""

    architecture: Annotated[str | None, Follows("weights")] = Field(
        None, description="Its name in the library; null: as config.json beside the weights says."
    )

    def looked_for(self) -> dict[str, Any]:
        """Return what a part is found by."""
        return {"weights": self.weights, "architecture": self.architecture}


class TimmSettings(NamedSettings):
    """A part of timm."""

    described_by: ClassVar[str] = f"{_MODULE}.timm_parts.describe"
    prepared_by: ClassVar[str] = f"{_MODULE}.timm_parts.preparation"


class TorchvisionSettings(NamedSettings):
    """A part of torchvision, whose weights lie beside no config."""

    described_by: ClassVar[str] = f"{_MODULE}.torchvision_parts.describe"
    prepared_by: ClassVar[str] = f"{_MODULE}.torchvision_parts.preparation"


class TransformersImageSettings(PretrainedSettings):
    """A part of transformers that takes pictures."""

    prepared_by: ClassVar[str] = f"{_MODULE}.transformers_parts.preparation"


class TransformersTextSettings(PretrainedSettings):
    """A part of transformers that takes texts."""

    prepared_by: ClassVar[str] = f"{_MODULE}.texts.preparation"
    not_built_of: ClassVar[Sequence[str]] = ("weights_license", "tokenizer")

    tokenizer: Annotated[str | None, Follows("weights")] = Field(
        None, description="Folder of the tokenizer, with tokenizer.json; null: that of the weights."
    )

    def prepared_from(self) -> dict[str, Any]:
        """Return where the tokenizer is."""
        return {"weights": self.tokenizer or self.weights}

    def without_weights(self) -> dict[str, Any]:
        """Return the plain values of a part whose weights, but not its tokenizer, come from elsewhere."""
        return super().without_weights() | {"tokenizer": self.tokenizer or self.weights}


class TransformersWriterSettings(TransformersTextSettings):
    """A part of transformers that writes texts."""

    prepared_by: ClassVar[str] = f"{_MODULE}.tokenizer_files.preparation"
