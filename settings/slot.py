"""A place in the settings that one of several registered choices fills."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.plugging.entry_points import SUBMODULES, Plugin, PluginGroup


def kind_of_choice(choice: type[ChoiceSettings]) -> str:
    """Return the kind by which a choice is named."""
    kind: str = choice.model_fields["kind"].default
    return kind


def _read_choices(plugin: Plugin, named: Any) -> Iterator[type[ChoiceSettings]]:
    for choice in named if isinstance(named, list | tuple) else [named]:
        if reason := _why_unusable(choice):
            plugin.refuse(f"{getattr(choice, '__name__', repr(choice))} {reason}")
        else:
            yield choice


def _why_unusable(choice: Any) -> str | None:
    if not (isinstance(choice, type) and issubclass(choice, ChoiceSettings)):
        return "is no settings class of a choice: derive it from a slot's base, e.g. FeatureExtractorSettings"
    if not (isinstance(kind := kind_of_choice(choice), str) and kind):
        return 'has no kind: give it kind: Literal["NAME"] = Field("NAME", description=…)'
    if not isinstance(getattr(choice, "target", None), str):
        return "has no target: the import path of what it configures"
    return None


PLUGGED_CHOICES = PluginGroup(SUBMODULES, read=_read_choices)
"""The settings classes that plug-ins add; a slot takes those that derive from its base."""


class Slot:
    """A place that one of several registered choices fills, as pydantic metadata.

    ``Annotated[FeatureExtractorSettings, Slot(...)]`` reads a mapping by its ``kind``; a mapping without
    one is read as the default kind, so that a single field can be set from anywhere. Plug-ins may add
    choices; they are looked for when the slot is first used, not when it is declared.

    Args:
        base: What all choices derive from, also those that plug-ins add.
        default: The kind that stands where none is named.
        choices: Our own settings models to choose from, each with a ``kind`` of its own; None: all that
            derive from ``base`` by now, in their order.
    """

    def __init__(
        self,
        *,
        base: type[ChoiceSettings],
        default: str,
        choices: Iterable[type[ChoiceSettings]] | None = None,
    ) -> None:
        self.base = base
        self.default = default
        own = _choices_below(base) if choices is None else choices
        self._own = {kind_of_choice(choice): choice for choice in own}
        assert default in self._own

    def field(self, description: str, **values: Any) -> Any:
        """Return a field of a settings model for this slot, with a choice of ours as its default."""
        choice = self._own[values.pop("kind", self.default)]
        return Field(choice(**values), description=description)

    @cached_property
    def choices(self) -> dict[str, type[ChoiceSettings]]:
        """The settings models to choose from by kind: our own, then those of plug-ins."""
        choices = dict(self._own)
        for plugin, choice in PLUGGED_CHOICES.added:
            if issubclass(choice, self.base):
                kind = kind_of_choice(choice)
                taken = choices.setdefault(kind, choice)
                if taken is not choice:
                    plugin.refuse(f"the kind '{kind}' is {taken.__module__}.{taken.__qualname__} already")
        return choices

    def kind_of(self, value: Any) -> Any:
        """Return the kind that a mapping or a settings object names, else the default one."""
        if isinstance(value, dict):
            return value.get("kind", self.default)
        return getattr(value, "kind", None)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        del source, handler  # `_read` asks for the choices once all plug-ins can be imported
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        del schema
        return handler(self._union.core_schema)

    def _read(self, value: Any) -> Any:
        is_own = type(value) in self._own.values()
        return value if is_own else self._union.validate_python(value)

    @cached_property
    def _union(self) -> TypeAdapter[Any]:
        return TypeAdapter(Annotated[Any, _TaggedUnion(self)])


def _choices_below(base: type[ChoiceSettings]) -> Iterator[type[ChoiceSettings]]:
    for derived in base.__subclasses__():
        if kind_of_choice(derived):
            yield derived
        yield from _choices_below(derived)


@dataclass(frozen=True)
class _TaggedUnion:
    """The choices of a slot, as pydantic metadata."""

    slot: Slot

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices = {kind: handler.generate_schema(model) for kind, model in self.slot.choices.items()}
        return core_schema.tagged_union_schema(choices, discriminator=self.slot.kind_of)
