"""The settings of a whole application: general ones, and one section for each family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, reduce
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import Field, PrivateAttr, create_model, field_validator

from nested_lightning.settings.base import Follows, Settings, default_section
from nested_lightning.settings.families import families, find_family, given_families, knowing
from nested_lightning.settings.family import Family
from nested_lightning.settings.numbers import Seed
from nested_lightning.settings.plugging.packages import packages_of
from nested_lightning.settings.reading.environment import read_environment
from nested_lightning.settings.reading.errors import SettingsError, checked
from nested_lightning.settings.reading.layers import Layer
from nested_lightning.settings.reading.merging import flatten, merge, merge_layers, nest_at, nested
from nested_lightning.settings.reading.patterns import expand_patterns
from nested_lightning.settings.submodules import SubmodulePolicySettings
from nested_lightning.settings.trainer import TrainerSettings


class PredictionSettings(Settings):
    """Where a trained model works."""

    device: str = Field(
        "cpu",
        pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$",
        description="Device of a trained model: cpu, mps, cuda, cuda:1, or auto, the fastest that is there.",
    )


_PLACES = ("path", "root", "folder")
_IN_MEMORY = "memory:"


@dataclass(frozen=True)
class _Provenance:
    """Where values were found, by path; settings are equal wherever they come from."""

    places: Mapping[str, str] = field(default_factory=dict, compare=False)


class ApplicationSettings(Settings):
    """General settings; the model in use adds a section for each family, see `parse_settings`.

    Building one reads no environment and no file: `load_settings` does where it is asked to.
    """

    given: ClassVar[tuple[Family, ...]] = ()
    """Families that no package registers, and that these settings know."""

    _provenance: _Provenance = PrivateAttr(_Provenance())

    elsewhere = MappingProxyType({"sweep": "the command sweep takes files with it"})

    model: str = Field(description="Name of the family to train, e.g. multi-feature.")
    seed: Seed = Field(0, description="Seed of initial weights, shuffling and dropout.")
    run_dir: Path | None = Field(None, description="Run folder; null: runs/MODEL/TIME in the current one.")
    init_from: Path | None = Field(
        None,
        description="Checkpoint, exported file or run folder, whose weights the model begins with where they"
        " fit; null: with new ones.",
    )
    init_sha256: Annotated[str | None, Follows("init_from")] = Field(
        None,
        pattern="^[0-9a-f]{64}$",
        description="SHA-256 of that file; null: any; files of a training have it.",
    )
    submodules: dict[str, SubmodulePolicySettings] = Field(
        {},
        description="Single submodules by path, e.g. multi_feature.head; * stands for one name, ** for any"
        " number.",
    )
    trainer: TrainerSettings = Field(TrainerSettings(), description="How long, where and how to train.")
    prediction: PredictionSettings = Field(PredictionSettings(), description="Where a trained model works.")

    if TYPE_CHECKING:

        def __getattr__(self, section: str) -> Any:
            """Declare the families' sections, which `application_settings_model` adds."""

    @field_validator("model")
    @classmethod
    def _name_a_family(cls, name: str) -> str:
        return find_family(name).name

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by value: the class with the families' sections has no name that could be imported."""
        return _parse_knowing, (self.given, self.model_dump(mode="json"), self.provenance)

    @property
    def family(self) -> Family:
        """The descriptor of the family that ``model`` names."""
        with knowing(*self.given):
            return find_family(self.model)

    @property
    def provenance(self) -> Mapping[str, str]:
        """Where each value that is no default was found, by path, e.g. ``mine.yaml:3:5``, as far as known."""
        return self._provenance.places

    def found_in(self, places: Mapping[str, str]) -> Self:
        """Return the same settings with another `provenance`."""
        copy = self.model_copy()
        copy._provenance = _Provenance(dict(places))
        return copy

    def changed(self, changes: Mapping[str, Any]) -> "ApplicationSettings":
        """Return settings with `changes`, see `change_settings`; all keep where they were found.

        Raises:
            SettingsError: A change is wrong.
        """
        return parse_settings(change_settings(self.to_plain(), changes)).found_in(self.provenance)

    def packages(self) -> dict[str, str]:
        """Return the package of each plug-in that is in use, as ``NAME==VERSION``, by dotted path."""
        return packages_of(self.family, self)

    def to_plain(self) -> dict[str, Any]:
        """Return all settings as plain data, without the untouched sections of other families."""
        with knowing(*self.given):
            others = {one.section: one.settings for one in families().values() if one is not self.family}
        untouched = {
            section
            for section, settings in others.items()
            if section not in self.model_fields_set or getattr(self, section) == settings()
        }
        return self.model_dump(mode="json", exclude=untouched)

    def to_recorded(self) -> dict[str, Any]:
        """Return `to_plain` for a training's files, with absolute paths of data and weights."""
        plain = self.to_plain()
        for names, value in flatten(plain).items():
            is_place = names == ("init_from",) or is_data_path(".".join(names), self.family)
            if value and is_place and not is_in_memory(value):
                plain = merge(plain, nest_at(names, str(Path(value).absolute())))
        return plain

    def with_provenance(self, recorded: Mapping[str, Any]) -> dict[str, Any]:
        """Return plain values with the section of a settings file that says where they were found."""
        return {**recorded, **({"provenance": dict(self.provenance)} if self.provenance else {})}


def is_data_path(name: str, family: Family) -> bool:
    """Return whether a dotted name is that of the setting for the path of a family's data."""
    return name.startswith(f"{family.section}.") and name.rpartition(".")[2] in _PLACES


def data_paths(plain: Mapping[str, Any], family: Family) -> dict[str, Any]:
    """Return the paths of a family's data among plain settings, by their dotted names."""
    named = ((".".join(names), value) for names, value in flatten(plain).items())
    return {name: value for name, value in named if is_data_path(name, family)}


def place_in_memory(name: str) -> str:
    """Return the value of a data path for data in memory, with a ``name`` such as DataFrame."""
    return f"{_IN_MEMORY}{name}"


def is_in_memory(place: Path | str | None) -> bool:
    """Return whether the value of a data path means data in memory."""
    return place is not None and str(place).startswith(_IN_MEMORY)


def data_places(environ: Mapping[str, str], family: Family) -> dict[str, Any]:
    """Return the path of a family's data that variables give, as nested values."""
    variables, _ = read_environment(environ, application_settings_model())
    told = flatten(variables.values).items()
    places = (nest_at(names, value) for names, value in told if is_data_path(".".join(names), family))
    return reduce(merge, places, {})


def application_settings_model() -> type[ApplicationSettings]:
    """Return `ApplicationSettings` with one section for each family that is known here."""
    return _application_settings_model(given_families(), tuple(families().values()))


@cache
def _application_settings_model(
    given: tuple[Family, ...], known: tuple[Family, ...]
) -> type[ApplicationSettings]:
    sections: dict[str, Any] = {
        family.section: (family.settings, default_section(family.settings, family.summary))
        for family in known
    }
    model = create_model("ApplicationSettings", __base__=ApplicationSettings, **sections)
    model.given = given
    return model


def _parse_knowing(
    given: tuple[Family, ...], values: Mapping[str, Any], provenance: Mapping[str, str]
) -> ApplicationSettings:
    with knowing(*given):
        return parse_settings(values).found_in(provenance)


def change_settings(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested values of an application with changes, also by dotted names, merged over them.

    Raises:
        SettingsError: A pattern meets nothing.
    """
    return merge_layers(_laid_over(values, changes), application_settings_model())[-1]


def parse_settings(values: Mapping[str, Any]) -> ApplicationSettings:
    """Build the settings of an application from nested plain values.

    Args:
        values: Nested mappings as in a settings file, or values by dotted names, patterns of such among them;
            ``model`` is required. What is left out takes the default of the family, then the general default.

    Raises:
        SettingsError: With one line for each mistake.
    """
    if not isinstance(values, Mapping):
        raise SettingsError([f"settings are nested values such as {{'model': …}}, and {values!r} was given"])
    name = values.get("model")
    defaults = find_family(name).defaults if isinstance(name, str) else {}
    layers = _laid_over(defaults, values)
    model = application_settings_model()
    return checked(model, merge_layers(layers, model)[-1], layers)


def expand_layers(layers: Sequence[Layer]) -> list[Layer]:
    """Return layers of an application with exact names only, see `expand_patterns`.

    Raises:
        SettingsError: A pattern meets nothing, or a function fails.
    """
    named = [str(layer.values["model"]) for layer in layers if "model" in layer.values]
    used = named[-1].replace("_", "-") if named else ""
    others = {family.section for family in families().values() if family.name != used}
    return expand_patterns(layers, application_settings_model(), others)


def _laid_over(values: Mapping[str, Any], changes: Mapping[str, Any]) -> list[Layer]:
    return expand_layers([Layer(dict(values), origin=""), Layer(nested(changes), origin="")])
