"""How it is put together: the only place that knows both settings and app.

Importing this package imports no torch; the names below import it when they are first used. It checks that
``app`` and ``settings`` are ours.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from containers.neighbours import check_neighbours

if TYPE_CHECKING:
    from containers.application import ApplicationContainer, compose_application
    from containers.bootstrapping import bootstrap, family_container, from_checkpoint
    from containers.override_claims import OverrideInUseError
    from containers.provider_overriding import overriding
    from containers.ray_training import resume_in_workers, train_in_workers
    from containers.replacements import OverrideRefusedError, unchecked
    from containers.resuming import resume_training

__all__ = [
    "ApplicationContainer",
    "OverrideInUseError",
    "OverrideRefusedError",
    "bootstrap",
    "compose_application",
    "family_container",
    "from_checkpoint",
    "overriding",
    "resume_in_workers",
    "resume_training",
    "train_in_workers",
    "unchecked",
]

_HOMES = {
    "ApplicationContainer": "containers.application",
    "compose_application": "containers.application",
    "bootstrap": "containers.bootstrapping",
    "family_container": "containers.bootstrapping",
    "from_checkpoint": "containers.bootstrapping",
    "OverrideInUseError": "containers.override_claims",
    "OverrideRefusedError": "containers.replacements",
    "overriding": "containers.provider_overriding",
    "resume_in_workers": "containers.ray_training",
    "unchecked": "containers.replacements",
    "resume_training": "containers.resuming",
    "train_in_workers": "containers.ray_training",
}

check_neighbours(["app", "settings"])


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'containers' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
