"""The base of every settings model, and of a choice between several, see `settings.slot`."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from nested_lightning.settings.reading.truth import refuse_truth_for_number


class Settings(BaseModel):
    """Frozen values with constraints and descriptions; an unknown name is an error."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_default=True,
        coerce_numbers_to_str=True,  # YAML reads a column called 1 as a number
        protected_namespaces=(),
        defer_build=True,  # of many choices, few are ever used
    )

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_truth_for_number(cls, value: Any, info: ValidationInfo) -> Any:
        return refuse_truth_for_number(cls, value, info)


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
        return {name: value for name, value in vars(self).items() if name != "kind"}
