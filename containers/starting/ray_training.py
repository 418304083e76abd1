"""A training in the workers of a Ray cluster."""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import InstanceOf

from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.extras import require_ray
from nested_lightning.app.training.ray.cluster import find_cluster
from nested_lightning.app.training.ray.workers import ray_trainer_arguments, run_in_workers
from nested_lightning.app.training.runs.result import TrainingResult
from nested_lightning.app.training.runs.run_folder import RunFolder, open_run_folder
from nested_lightning.containers.starting.bootstrapping import bootstrap, family_container
from nested_lightning.containers.starting.resuming import resume_training
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.reading.errors import SettingsError
from nested_lightning.settings.reading.loading import load_settings
from nested_lightning.settings.trainer import TrainerSettings

_RAY_FOLDER = "ray"


@checked_arguments
def train_in_workers(
    settings: InstanceOf[ApplicationSettings], *, address: str | None = None
) -> TrainingResult:
    """Train in as many workers as ``trainer.devices`` and ``trainer.num_nodes`` say, at `find_cluster`.

    All workers see the run folder and the data at the paths that they have here.

    Raises:
        UserError: Something can't be used as the settings say.
    """
    refuse_own_family(settings)
    require_ray()  # before there is a folder
    cluster = find_cluster(address)
    folder = RunFolder(open_run_folder(settings.run_dir, name=settings.model).path.absolute())
    placed = settings.changed({"run_dir": str(folder.path)})
    return _run(partial(_train, os.getcwd(), placed), settings.trainer, folder, cluster)  # noqa: PTH109


@checked_arguments
def resume_in_workers(
    path: str | Path,
    changes: Mapping[str, Any] | None = None,
    *,
    data: str | Path | None = None,
    address: str | None = None,
) -> TrainingResult:
    """Go on with the training of a run folder, see `containers.starting.resuming.resume_training`."""
    folder = RunFolder.open(Path(path).absolute())
    settings = load_settings(config=folder.settings_file)
    refuse_own_family(settings)
    require_ray()
    cluster = find_cluster(address)
    work = partial(_resume, os.getcwd(), folder.path, changes, data)  # noqa: PTH109
    return _run(work, settings.changed(changes or {}).trainer, folder, cluster)


def refuse_own_family(settings: ApplicationSettings) -> None:
    """Refuse a family that no package registers, since workers read the settings anew."""
    if settings.given:
        raise SettingsError(["--engine ray: workers know families of packages alone, see docs/plugins.md"])


def _run(work: Any, trainer: TrainerSettings, folder: RunFolder, address: str | None) -> TrainingResult:
    devices = trainer.devices
    each = len(devices) if isinstance(devices, list) else None if devices == "auto" else int(devices)
    result: TrainingResult = run_in_workers(
        work,
        num_workers=None if each is None else each * trainer.num_nodes,
        use_gpu=None if trainer.accelerator == "auto" else trainer.accelerator != "cpu",
        folder=folder.path / _RAY_FOLDER,
        address=address,
    )
    return result


def _train(current_folder: str, settings: ApplicationSettings) -> TrainingResult:
    os.chdir(current_folder)
    application = bootstrap(settings)
    trainer: Any = application.trainer.lightning_trainer
    trainer.add_kwargs(**ray_trainer_arguments())
    result: TrainingResult = family_container(application).training_run()()
    return result


def _resume(
    current_folder: str, path: Path, changes: Mapping[str, Any] | None, data: str | Path | None
) -> TrainingResult:
    os.chdir(current_folder)
    return resume_training(path, changes, data=data, trainer_arguments=ray_trainer_arguments)()
