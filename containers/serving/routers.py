"""From a container to routes that a host mounts in its own application."""

from typing import TYPE_CHECKING, Any

from nested_lightning.app.extras import require_serving
from nested_lightning.settings.family import Family
from nested_lightning.settings.reading.errors import checked
from nested_lightning.settings.serving import LimitSettings

if TYPE_CHECKING:
    from fastapi import APIRouter


def make_router(
    desk: Any, family: Family, /, *, name: str | None = None, prefix: str = "", **limits: Any
) -> "APIRouter":
    """Return the routes of a model: ``GET`` of the prefix describes it, ``POST`` of ``/predict`` answers.

    Args:
        desk: Of the family.
        family: Whose it is.
        name: Of the model; None: that of the family.
        prefix: What stands before the paths, e.g. ``/shapes``.
        **limits: What a request may hold, see `settings.serving.LimitSettings`.

    Raises:
        UserError: The model can't answer, or the extra `serve` isn't installed.
        SettingsError: There is no such limit.
    """
    require_serving()
    from nested_lightning.app.serving.routes import model_router  # needs FastAPI
    from nested_lightning.app.serving.service import Model
    from nested_lightning.containers.serving.services import service_of

    model = Model(desk=desk, family=family.name, summary=family.predictor.summary)
    return model_router(service_of(name or family.name, model, checked(LimitSettings, limits)), prefix=prefix)
