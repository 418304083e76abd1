"""The base of every settings model, and of a choice between several, see `settings.slot`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from inspect import get_annotations
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from nested_lightning.settings.reading.implausible import refuse_what_can_not_be_meant


@dataclass(frozen=True)
class Follows:
    """Field metadata: the value depends on another field's, and is dropped when that changes."""

    leader: str


class Settings(BaseModel):
    """Frozen values with constraints and descriptions; an unknown name is an error.

    Attributes:
        gone: Names that older files and checkpoints have, each with the reason why it's no setting any more.
        elsewhere: Names that one may look for here, each with what does it instead.
    """

    gone: ClassVar[Mapping[str, str]] = MappingProxyType({})
    elsewhere: ClassVar[Mapping[str, str]] = MappingProxyType({})

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_default=True,
        coerce_numbers_to_str=True,  # YAML reads a column called 1 as a number
        protected_namespaces=(),
        defer_build=True,  # there are many choices, few of which are used
    )

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_what_can_not_be_meant(cls, value: Any, info: ValidationInfo) -> Any:
        return refuse_what_can_not_be_meant(cls, value, info)


def default_section(settings: type[Settings], description: str) -> Any:
    """Return a field for a section; where a setting in it has no default, reading the section says so."""
    try:
        return Field(settings(), description=description)
    except ValidationError:
        return Field({}, description=description, validate_default=True)


def plain_section(values: Any, name: str) -> dict[str, Any] | None:
    """Return the plain values under a name, for a validator that runs before types are checked.

    Where nothing stands there, it's empty; None where something else does, which that check then finds.
    """
    section = values.get(name, {}) if isinstance(values, dict) else None
    if isinstance(section, BaseModel):
        return section.model_dump()
    return dict(section) if isinstance(section, Mapping) else None


def complete_items(values: Any, *, items: str, each: str) -> Any:
    """Let named ``items`` that name no kind start from the choice for ``each``, before types are checked."""
    shared, given = plain_section(values, each), plain_section(values, items)
    if shared is None or not given:
        return values
    return values | {
        items: {
            name: {**shared, **item} if isinstance(item, dict) and "kind" not in item else item
            for name, item in given.items()
        }
    }


class ChoiceSettings(Settings):
    """Settings of one choice: ``kind`` names it, the other fields are keywords of ``target``.

    A choice says both in its class statement, ``class Waves(HeadSettings, kind="waves", target="waves.Net")``
    and describes itself by its docstring; what is common to several has neither.

    Args:
        kind: Its name among the choices of its slot.
        target: Import path of the class or function that is chosen; with a dot before it, below ``module``.
            The fields besides ``kind`` are keyword arguments of it, by the same names. Only containers
            resolve it.
        module: Import path that begins the targets of this class and of those that derive from it.

    Attributes:
        wired: Arguments of the target that are no settings, with the expression of a wiring that gives them.
        takes_any: Whether the target takes any keyword, so that no name can be checked.
        kept: Arguments of the target that are of no plain type, and keep their defaults.
    """

    _module: ClassVar[str] = ""
    target: ClassVar[str]
    wired: ClassVar[Mapping[str, str]] = MappingProxyType({})
    takes_any: ClassVar[bool] = False
    kept: ClassVar[Sequence[str]] = ()
    kind: str = Field("", description="Which of the registered choices is used.")

    def __init_subclass__(cls, *, kind: str = "", target: str = "", module: str = "", **config: Any) -> None:
        """Apply the arguments of a class statement, before pydantic looks for fields."""
        super().__init_subclass__(**config)
        cls._module = module or cls._module
        if kind:
            cls.target = f"{cls._module}{target}" if target.startswith(".") else target
            cls.__annotations__ = {"kind": Literal[kind], **get_annotations(cls)}
            cls.kind = Field(kind, description=cls.__doc__)

    def arguments(self) -> dict[str, Any]:
        """Return the fields that the target takes, by name: all of them but ``kind``."""
        return {name: value for name, value in vars(self).items() if name != "kind"}
