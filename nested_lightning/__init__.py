"""Lightning models made of injected submodules: ``import nested_lightning as nl``.

Importing this package imports no torch: the names below are resolved when they are first used.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nested_lightning.app.assembly.errors import OverrideRefusedError
    from nested_lightning.app.assembly.wiring.parts import Part, Parts, part, parts
    from nested_lightning.app.assembly.wiring.wired import offer, seeded, wired
    from nested_lightning.app.errors import UserError
    from nested_lightning.containers.application import ApplicationContainer, compose_application
    from nested_lightning.containers.overrides.applying import overriding
    from nested_lightning.containers.overrides.claims import OverrideInUseError
    from nested_lightning.containers.overrides.override import unchecked
    from nested_lightning.containers.overrides.provider_paths import OverridePathError
    from nested_lightning.containers.overrides.restoring import OverrideNeededError
    from nested_lightning.containers.owning.family import family
    from nested_lightning.containers.serving.services import serving_app
    from nested_lightning.containers.starting.bootstrapping import (
        bootstrap,
        family_container,
        from_checkpoint,
    )
    from nested_lightning.containers.starting.continuing import bootstrap_from
    from nested_lightning.containers.starting.folds import cross_validate, resume_cross_validation
    from nested_lightning.containers.starting.ray_training import resume_in_workers, train_in_workers
    from nested_lightning.containers.starting.resuming import resume_training
    from nested_lightning.settings.application import ApplicationSettings, parse_settings
    from nested_lightning.settings.families import families, find_family
    from nested_lightning.settings.family import Family, Preset
    from nested_lightning.settings.reading.errors import SettingsError
    from nested_lightning.settings.reading.loading import load_settings

_HOMES = {
    "app.assembly.errors": ["OverrideRefusedError"],
    "app.assembly.wiring.parts": ["Part", "Parts", "part", "parts"],
    "app.assembly.wiring.wired": ["offer", "seeded", "wired"],
    "app.errors": ["UserError"],
    "containers.application": ["ApplicationContainer", "compose_application"],
    "containers.overrides.applying": ["overriding"],
    "containers.overrides.claims": ["OverrideInUseError"],
    "containers.overrides.override": ["unchecked"],
    "containers.overrides.provider_paths": ["OverridePathError"],
    "containers.overrides.restoring": ["OverrideNeededError"],
    "containers.owning.family": ["family"],
    "containers.serving.services": ["serving_app"],
    "containers.starting.bootstrapping": ["bootstrap", "family_container", "from_checkpoint"],
    "containers.starting.continuing": ["bootstrap_from"],
    "containers.starting.folds": ["cross_validate", "resume_cross_validation"],
    "containers.starting.ray_training": ["resume_in_workers", "train_in_workers"],
    "containers.starting.resuming": ["resume_training"],
    "settings.application": ["ApplicationSettings", "parse_settings"],
    "settings.families": ["families", "find_family"],
    "settings.family": ["Family", "Preset"],
    "settings.reading.errors": ["SettingsError"],
    "settings.reading.loading": ["load_settings"],
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "ApplicationContainer",
    "ApplicationSettings",
    "Family",
    "OverrideInUseError",
    "OverrideNeededError",
    "OverridePathError",
    "OverrideRefusedError",
    "Part",
    "Parts",
    "Preset",
    "SettingsError",
    "UserError",
    "bootstrap",
    "bootstrap_from",
    "compose_application",
    "cross_validate",
    "families",
    "family",
    "family_container",
    "find_family",
    "from_checkpoint",
    "load_settings",
    "offer",
    "overriding",
    "parse_settings",
    "part",
    "parts",
    "resume_cross_validation",
    "resume_in_workers",
    "resume_training",
    "seeded",
    "serving_app",
    "train_in_workers",
    "unchecked",
    "wired",
]

_HERE = Path(__file__).resolve().parent
if not (_HERE / "app" / "__init__.py").exists():  # the links of a checkout got lost
    __path__.append(str(_HERE.parent))


if not TYPE_CHECKING:  # else a misspelt name would have a type

    def __getattr__(name: str) -> Any:
        if name not in _HOME_OF:
            raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
        return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__"))]
