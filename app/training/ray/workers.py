"""Workers of a Ray cluster that train together, by Ray Train and its integration of Lightning."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pytorch_lightning.strategies import DDPStrategy

from nested_lightning.app.errors import UserError
from nested_lightning.app.signals import heard_by, listened_to
from nested_lightning.app.training.ray.cluster import connected

T = TypeVar("T")


class WorkerError(RuntimeError):
    """What went wrong in a worker."""


def run_in_workers(
    work: Callable[[], T], *, num_workers: int | None, use_gpu: bool | None, folder: Path, address: str | None
) -> T:
    """Call ``work`` in each of several workers, and return what it gives in the first.

    Args:
        work: Called without arguments; it and what it gives can be pickled.
        num_workers: How many; None: one for each GPU of the cluster, or one where it has none.
        use_gpu: Whether each has a GPU of its own; None: where the cluster has any.
        folder: Receives what Ray writes of the training.
        address: Of a running cluster, see `app.training.ray.cluster.find_cluster`; None: workers on this
            machine, for this one training.

    Raises:
        UserError: Ray or the cluster isn't there, the cluster refuses this program, or a worker raised it.
        WorkerError: Something else went wrong in a worker.
    """
    with connected(address, num_cpus=num_workers or 1):
        import ray
        from ray.train import RunConfig, ScalingConfig
        from ray.train.torch import TorchTrainer
        from ray.train.v2.api.exceptions import TrainingFailedError

        num_gpus = int(ray.cluster_resources().get("GPU", 0))
        has_gpu = num_gpus > 0 if use_gpu is None else use_gpu
        workers = num_workers or (max(1, num_gpus) if has_gpu else 1)
        trainer = TorchTrainer(
            work,
            scaling_config=ScalingConfig(num_workers=workers, use_gpu=has_gpu),
            run_config=RunConfig(name=folder.name, storage_path=str(folder.parent)),
        )
        try:
            with heard_by(signal.getsignal(signal.SIGINT), listened_to()[:1]):  # Ray takes Ctrl-C for its own
                result: T = trainer.fit().return_value
        except TrainingFailedError as error:
            raise _first_cause(error) from error
        return result


def ray_trainer_arguments() -> dict[str, Any]:
    """Return what a Trainer is built with in a worker, see `app.training.trainer.build_trainer`.

    Raises:
        UserError: Ray would use another Lightning than this project.
    """
    from ray.train.lightning import RayDDPStrategy, RayLightningEnvironment

    if not issubclass(RayDDPStrategy, DDPStrategy):
        raise UserError("Ray takes the package lightning where it is installed: pip uninstall lightning")
    return {
        "strategy": RayDDPStrategy,
        "plugins": [RayLightningEnvironment()],
        "devices": "auto",
        "num_nodes": 1,
    }


def _first_cause(error: Exception) -> Exception:
    """Return the worker's own mistake where it was one, else its error in one line."""
    failures = getattr(error, "worker_failures", {})
    for rank, failure in sorted(failures.items()):
        cause = getattr(failure, "cause", failure)
        if isinstance(cause, UserError):
            return cause
        if not _is_lost_connection(cause):
            return WorkerError(f"in process {rank}: {type(cause).__name__}: {cause}")
    return WorkerError(str(error))


def _is_lost_connection(error: BaseException) -> bool:
    """Return whether a process only noticed that another one was gone."""
    return "Connection closed by peer" in str(error) or "Connection reset by peer" in str(error)
