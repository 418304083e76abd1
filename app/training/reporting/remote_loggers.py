"""Loggers that send metrics to a server, now or later; a resumed training keeps its run."""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lightning_fabric.utilities.rank_zero import rank_zero_only
from pytorch_lightning.loggers import CometLogger, MLFlowLogger, WandbLogger
from typing_extensions import override

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
    """Weights & Biases."""

    needs = ("wandb", "wandb")

    def __init__(
        self, *, folder: Path, run: str | None = None, offline: bool = False, **arguments: Any
    ) -> None:
        super().__init__(
            save_dir=folder,
            version=run,
            settings={"x_disable_meta": True, "disable_code": True, "disable_git": True, "console": "off"},
            mode="offline" if offline else None,
            **arguments,
        )

    @override
    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Close the run, so that the next training of this process has one of its own."""
        import wandb

        super().finalize(status)
        if wandb.run is not None:
            wandb.run.finish(exit_code=int(status == "failed"))


class Mlflow(_Remote, MLFlowLogger):
    """MLflow; without ``tracking_uri`` at the address in MLFLOW_TRACKING_URI, else in the run folder."""

    needs = ("mlflow", "mlflow")

    def __init__(
        self,
        *,
        folder: Path,
        run: str | None = None,
        tracking_uri: str | None = None,
        tags: Mapping[str, str] = MappingProxyType({}),
        **arguments: Any,
    ) -> None:
        place, address = folder.absolute(), tracking_uri or os.environ.get(_ADDRESS)
        if not address:
            address = f"sqlite:///{place / 'mlflow.db'}"
            arguments["artifact_location"] = str(place / "mlflow-artifacts")
        super().__init__(tracking_uri=address, run_id=run, tags={**tags}, **arguments)  # which it adds to

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
    """Comet."""

    needs = ("comet", "comet_ml")

    def __init__(
        self, *, folder: Path, run: str | None = None, online: bool = True, **arguments: Any
    ) -> None:
        hidden = ("log_code", "log_git_metadata", "log_git_patch", "log_env_details", "parse_args")
        arguments |= dict.fromkeys(hidden, False)
        super().__init__(
            experiment_key=run,
            mode="get" if run else "create",
            online=online or 0,  # Lightning takes False for an experiment that isn't even kept
            offline_directory=str(folder / "comet"),
            **arguments,
        )

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
