"""The recipe in a checkpoint: what is needed to build the same composite again, as JSON.

One string costs nothing to save at each checkpoint, however many columns or words a data spec has, opens with
``weights_only=True``, and fits into the metadata of other formats.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import StringConstraints, TypeAdapter

from nested_lightning.app.checkpoints.moved import as_now
from nested_lightning.app.errors import UserError
from nested_lightning.app.foreign_files import foreign_file, read_versioned

CHECKPOINT_KEY = "nested_lightning"
"""Where the recipe stands in a checkpoint."""

FORMAT_VERSION = 7
"""Version that this release writes; older ones are migrated, see `app.checkpoints.migrations`."""

Requirement = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]*==[\w.!+-]+$")]
"""A package with its version, ``NAME==VERSION``: a checkpoint can't put anything else before a person."""

Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,300}$")]
"""A text that can be put before a person: it has no control characters."""

PACKAGES = ("nested-lightning", "torch", "pytorch-lightning", "dependency-injector")


def installed_versions() -> dict[str, str]:
    """Return the versions of the packages that a checkpoint depends on; one not installed is left out."""
    versions = {package: _installed_version(package) for package in PACKAGES}
    return {package: found for package, found in versions.items() if found is not None}


@cache
def _installed_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:  # run from a source tree that was not installed
        return None


@dataclass(frozen=True, kw_only=True)
class RecordedOverride:
    """What was put into a provider's place when a composite was built.

    Attributes:
        path: Path of the provider.
        source: Whether it is built again by the kind of a registered choice; whether it was a class or a
            function with an import path; or whether it was anything else. Of these, a file gives but the
            first: the others have to be given again.
        name: The kind; ``module:name``; or a description for people.
        options: Keyword arguments of it, plain data.
        digest: SHA-256 of the file that the class or function stood in, in hexadecimal; empty: not known.
    """

    path: Line
    source: Literal["registered", "import", "object"]
    name: Line
    options: dict[str, Any] = field(default_factory=dict)
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]*$")] = field(default="", compare=False)

    @property
    def text(self) -> str:
        """Name and options as a person reads them, e.g. ``my_module:MyHead (depth=3)``."""
        options = ", ".join(f"{name}={value}" for name, value in self.options.items())
        return f"{self.name} ({options})" if options else self.name

    @property
    def text_with_digest(self) -> str:
        """The same, and the beginning of the digest."""
        return f"{self.text}, file {self.digest[:12]}" if self.digest else self.text


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is needed to build a composite again.

    Attributes:
        family: Name of the family, e.g. ``multi-feature``.
        settings: Resolved settings of the application, nested plain data.
        data_spec: Plain data of the family's data spec.
        packages: Packages of the plug-ins that it needs, by the dotted path of what comes from them.
        overrides: What was put into the places of providers.
        places: Where the composite holds the parts of a wiring, by their paths below it.
        format_version: Version of this layout.
        versions: Versions of the packages that wrote it, for people to read.
    """

    family: str
    settings: dict[str, Any]
    data_spec: dict[str, Any]
    packages: dict[str, Requirement] = field(default_factory=dict)
    overrides: tuple[RecordedOverride, ...] = ()
    places: dict[str, str] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION
    versions: dict[str, str] = field(default_factory=installed_versions)

    @cached_property
    def json(self) -> str:
        """The recipe as one JSON object; `read_recipe` reads it."""
        without = None if self.places else {"places"}
        return TypeAdapter(Recipe).dump_json(self, exclude=without).decode()

    @property
    def overrides_json(self) -> bytes:
        """The overrides alone, as JSON; `read_overrides` reads it."""
        return TypeAdapter(tuple[RecordedOverride, ...]).dump_json(self.overrides, indent=2)


def read_overrides(path: Path) -> tuple[RecordedOverride, ...]:
    """Return the overrides in a run folder's file, none where there is no such file.

    Raises:
        UserError: It is damaged.
    """
    if not path.is_file():
        return ()
    with foreign_file(path):
        recorded = TypeAdapter(tuple[RecordedOverride, ...]).validate_json(path.read_bytes())
    named = [as_now(each.path, each.name) for each in recorded]  # the file has no version of its own
    return tuple(replace(each, path=at, name=name) for each, (at, name) in zip(recorded, named, strict=True))


def read_recipe(checkpoint: Mapping[str, Any], *, source: object) -> Recipe:
    """Return the recipe in an opened checkpoint, or in the metadata of another format.

    Raises:
        UserError: There is none, it is damaged, or a newer release wrote it.
    """
    text = checkpoint.get(CHECKPOINT_KEY)
    if not isinstance(text, str):
        raise UserError(f"{source}: has no recipe, so it wasn't saved by Nested Lightning")
    recipe = read_versioned(Recipe, text, newest=FORMAT_VERSION, what=f"{source}: its recipe")
    if recipe.settings.get("model") != recipe.family:
        raise UserError(
            f"{source}: its recipe is of the family '{recipe.family}', but its settings are of"
            f" '{recipe.settings.get('model')}'"
        )
    return recipe
