"""The base of every settings model, and of a choice between several."""

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class Settings(BaseModel):
    """Frozen values with constraints and descriptions; an unknown name is an error."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_default=True,
        coerce_numbers_to_str=True,  # YAML reads a column called 1 as a number
        protected_namespaces=(),
    )


class ChoiceSettings(Settings):
    """Settings of one choice: ``kind`` names it, the other fields are keywords of ``target``.

    Attributes:
        target: Import path of the class or function that is chosen. The fields besides ``kind`` are
            keyword arguments of it, by the same names. Only containers resolve it.
    """

    target: ClassVar[str]
    kind: str = Field(description="Which of the registered choices is used.")

    def arguments(self) -> dict[str, Any]:
        """Return the fields that the target takes, by name: all of them but ``kind``."""
        return {name: getattr(self, name) for name in type(self).model_fields if name != "kind"}


class Slot:
    """A place that one of several registered choices fills, as pydantic metadata.

    ``Annotated[FeatureExtractorSettings, Slot(...)]`` reads a mapping by its ``kind``; a mapping without
    one is read as the default kind, so that a single field can be set from anywhere.

    Args:
        default: The kind that stands where none is named.
        choices: The settings models to choose from, each with a ``kind`` of its own.
    """

    def __init__(self, *, default: str, choices: Sequence[type[ChoiceSettings]]) -> None:
        self.default = default
        self.choices = {choice.model_fields["kind"].default: choice for choice in choices}
        assert default in self.choices

    def kind_of(self, value: Any) -> Any:
        """Return the kind that a mapping or a settings object names, else the default one."""
        if isinstance(value, dict):
            return value.get("kind", self.default)
        return getattr(value, "kind", None)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices = {kind: handler.generate_schema(model) for kind, model in self.choices.items()}
        return core_schema.tagged_union_schema(choices, discriminator=self.kind_of)
