"""Loggers that send metrics to a server, now or later; a resumed training keeps its run."""

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lightning_fabric.utilities.rank_zero import rank_zero_only
from pytorch_lightning.loggers import CometLogger, MLFlowLogger, WandbLogger
from typing_extensions import override

from nested_lightning.app.extras import require
from nested_lightning.app.training.reporting.loggers import Tracker, plain_params
from nested_lightning.app.training.reporting.secrets import without_secrets
from nested_lightning.app.training.runs.interruption import TrainingInterruptedError

_ADDRESS = "MLFLOW_TRACKING_URI"


class _Remote(Tracker):
    """A logger whose runs have ids."""

    @property
    @override
    def run(self) -> str | None:
        """The id of the run, which is made if there is none yet."""
        return None if self.version is None else str(self.version)


class Wandb(_Remote, WandbLogger):
    """Weights & Biases.

    Raises:
        UserError: The package isn't installed.
    """

    def __init__(
        self,
        *,
        item: str,
        folder: Path,
        run: str | None = None,
        project: str = "nested-lightning",
        entity: str | None = None,
        name: str | None = None,
        group: str | None = None,
        tags: Sequence[str] = (),
        offline: bool = False,
    ) -> None:
        require(f"trainer.loggers.{item}", "wandb", "wandb")
        import wandb

        settings = wandb.Settings(x_disable_meta=True, disable_code=True, disable_git=True, console="off")
        super().__init__(
            name=name,
            save_dir=folder,
            version=run,
            project=project,
            entity=entity,
            group=group,
            tags=[*tags],
            settings=settings,
            mode="offline" if offline else None,
        )
        self.item = item

    @override
    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Close the run, so that the next training of this process has one of its own."""
        import wandb

        super().finalize(status)
        if wandb.run is not None:
            wandb.run.finish(exit_code=int(status == "failed"))


class Mlflow(_Remote, MLFlowLogger):
    """MLflow; without ``tracking_uri`` at the address in MLFLOW_TRACKING_URI, else in the run folder.

    Raises:
        UserError: The package isn't installed.
    """

    def __init__(
        self,
        *,
        item: str,
        folder: Path,
        run: str | None = None,
        experiment_name: str = "nested-lightning",
        run_name: str | None = None,
        tracking_uri: str | None = None,
        tags: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        require(f"trainer.loggers.{item}", "mlflow", "mlflow")
        place = folder.absolute()
        address = tracking_uri or os.environ.get(_ADDRESS)
        local: dict[str, Any] = {} if address else {"artifact_location": str(place / "mlflow-artifacts")}
        address = address or f"sqlite:///{place / 'mlflow.db'}"
        super().__init__(
            experiment_name=experiment_name,
            run_name=run_name,
            tracking_uri=address,
            tags={**tags},
            run_id=run,
            **local,
        )
        self.item = item

    @property
    @override
    def experiment(self) -> Any:
        """MLflow's client; the variable that MLflow sets is put back, for the next training."""
        before = os.environ.get(_ADDRESS)
        client = super().experiment
        os.environ.pop(_ADDRESS, None)
        os.environ.update({} if before is None else {_ADDRESS: before})
        return client

    @override
    @rank_zero_only
    def log_hyperparams(self, params: Any = None, *args: Any, **kwargs: Any) -> None:
        """Log those that the run lacks, since MLflow refuses another value; one is cut at 250 characters."""
        self.experiment.update_run(self.run_id, status="RUNNING")  # also where it had ended
        present = self.experiment.get_run(self.run_id).data.params
        named = {re.sub(r"[^\w\-. :/]", "_", name): value for name, value in _flat(plain_params(params))}
        super().log_hyperparams({name: value for name, value in named.items() if name not in present})

    @override
    @rank_zero_only
    def note(self, name: str, text: str) -> None:
        """Record it as a tag, which may change."""
        self.experiment.set_tag(self.run_id, name, without_secrets(text))

    @override
    @rank_zero_only
    def finalize(self, status: str = "success") -> None:
        """Close the run as finished, failed, or killed where a signal ended it."""
        is_stopped = isinstance(sys.exception(), TrainingInterruptedError | KeyboardInterrupt)
        super().finalize("KILLED" if is_stopped else status)


class Comet(_Remote, CometLogger):
    """Comet.

    Raises:
        UserError: The package isn't installed.
    """

    def __init__(
        self,
        *,
        item: str,
        folder: Path,
        run: str | None = None,
        workspace: str | None = None,
        project: str = "nested-lightning",
        name: str | None = None,
        tags: Sequence[str] = (),
        online: bool = True,
    ) -> None:
        require(f"trainer.loggers.{item}", "comet", "comet_ml")
        offline: Any = 0  # Lightning takes False for an experiment that isn't even kept
        hidden: dict[str, Any] = dict.fromkeys(
            ("log_code", "log_git_metadata", "log_git_patch", "log_env_details"), False
        )
        where: dict[str, Any] = {"offline_directory": str(folder / "comet"), "parse_args": False}
        super().__init__(
            workspace=workspace,
            project=project,
            experiment_key=run,
            mode="get" if run else "create",
            online=online or offline,
            **hidden,
            **where,
            name=name,
            tags=[*tags],
        )
        self.item = item

    @override
    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Close the experiment, so that the next training of this process has one of its own."""
        super().finalize(status)
        self.experiment.end()


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}/")
        else:
            yield f"{above}{name}", value
