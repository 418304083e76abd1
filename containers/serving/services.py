"""From a container to what answers for its model over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nested_lightning.app.checkpoints.recipe import read_recipe
from nested_lightning.app.errors import UserError
from nested_lightning.app.exported.runtime import is_exported
from nested_lightning.app.extras import require_serving
from nested_lightning.app.foreign_files import sha256_of
from nested_lightning.app.serving.desk import Limits
from nested_lightning.app.serving.service import Model, Service
from nested_lightning.app.serving.worker import Watch
from nested_lightning.containers.exported import exported_model
from nested_lightning.settings.family import Family
from nested_lightning.settings.reading.errors import checked
from nested_lightning.settings.serving import LimitSettings

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI

    from nested_lightning.containers.application import ApplicationContainer


@dataclass(frozen=True, kw_only=True)
class ServedFile:
    """A checkpoint or a run folder that is served, and how it is opened, see `from_checkpoint`."""

    path: Path
    overrides: Mapping[str, Any] = field(default_factory=dict)
    device: str | None = None

    def find(self) -> Path:
        """Return the file as it is now: of a run folder, the best checkpoint."""
        if is_exported(self.path):
            return self.path
        from nested_lightning.app.training.runs.run_folder import model_file_in  # needs torch, as all below

        return model_file_in(self.path)

    def load(self) -> Model:
        """Return the model in the file as it is now.

        Raises:
            UserError: It can't be opened.
        """
        file = self.find()
        if is_exported(file):
            return self._load_exported(file)
        from nested_lightning.containers.starting.bootstrapping import from_checkpoint

        digest = f"sha256:{sha256_of(file)}"
        own = self._own_overrides(file) if self.overrides else {}
        return model_of(from_checkpoint(file, overrides=own, device=self.device), digest=digest)

    def _load_exported(self, file: Path) -> Model:
        if self.device not in (None, "cpu", "auto"):
            raise UserError(f"--device {self.device}: {file} is run by onnxruntime on the CPU; leave it out")
        return exported_model(file)

    def _own_overrides(self, file: Path) -> dict[str, Any]:
        from nested_lightning.app.checkpoints.model_file import read_model_file

        family = read_recipe(read_model_file(file), source=file).family
        return {path: one for path, one in self.overrides.items() if family_of_path(path) == family}


def serving_app(models: Mapping[str, "ApplicationContainer"], **limits: Any) -> "FastAPI":
    """Return a whole application, as `serve` has it, which answers for the models of containers.

    Args:
        models: Containers that were trained, or opened from checkpoints, by name.
        **limits: What a request may hold, see `settings.serving.LimitSettings`.

    Raises:
        UserError: A model can't answer, or the extra `serve` isn't installed.
        SettingsError: There is no such limit.
    """
    require_serving()
    from nested_lightning.app.serving.application import make_application  # needs FastAPI
    from nested_lightning.app.serving.metrics import Metrics

    metrics, settings = Metrics(), checked(LimitSettings, limits)
    services = {name: service_of(name, model_of(each), settings, metrics) for name, each in models.items()}
    return make_application(services, metrics=metrics)


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

    model = Model(desk=desk, family=family.name, summary=family.predictor.summary)
    return model_router(service_of(name or family.name, model, checked(LimitSettings, limits)), prefix=prefix)


def family_of_path(path: str) -> str:
    """Return the name of the family at which a provider's path begins."""
    return path.partition(".")[0].replace("_", "-")


def model_of(application: "ApplicationContainer", *, digest: str = "") -> Model:
    """Return the model of a container that was trained, or opened from a checkpoint.

    Raises:
        UserError: There is none.
    """
    from nested_lightning.app.training.machine.threads import count_threads  # needs torch
    from nested_lightning.containers.starting.bootstrapping import provider_of

    settings = application.settings()
    family, wanted = settings.family, settings.trainer.num_threads
    desk, module = provider_of(application, "http_desk")(), provider_of(application, "model")()
    return Model(
        desk=desk,
        family=family.name,
        summary=family.predictor.summary,
        digest=digest,
        num_threads=count_threads(wanted, module, batch_size=LimitSettings().max_batch_size),
    )


def service_of(name: str, model: Model, settings: LimitSettings, watch: Watch | None = None) -> Service:
    """Return what answers for a model under a name.

    Raises:
        UserError: It can't answer a first row.
    """
    limits = Limits(**{each: getattr(settings, each) for each in Limits.__dataclass_fields__})
    return Service(
        name=name,
        model=model,
        limits=limits,
        max_queued_rows=settings.max_queued_rows,
        queue_timeout_s=settings.queue_timeout_s,
        watch=watch,
    )
