"""Loggers besides metrics.csv, each of which goes on in its run where a training goes on.

Nothing that a person keeps secret is logged, and neither the command line nor the code, where it may stand.
"""

from argparse import Namespace
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import CSVLogger, Logger, TensorBoardLogger
from typing_extensions import override

from nested_lightning.app.extras import require
from nested_lightning.app.training.reporting.secrets import without_secrets


class Tracker(Logger):
    """What our loggers have in common: they hide secrets, and know their names and runs.

    Each takes its name in the settings, ``item``, the run folder, and the id of the run to go on in, None for
    a new one; what else it takes is called as in Lightning's logger.

    Attributes:
        needs: The extra that brings what it needs, and the module that it needs; nothing, if empty.

    Raises:
        UserError: The module isn't installed.
    """

    needs: tuple[str, ...] = ()

    def __init__(self, *, item: str, **arguments: Any) -> None:
        if self.needs:
            require(f"trainer.loggers.{item}", *self.needs)
        super().__init__(**arguments)
        self.item = item

    @property
    def run(self) -> str | None:
        """The id by which a training that goes on finds its run again; None: it needs none."""
        return None

    @override
    def log_hyperparams(self, params: Any = None, *args: Any, **kwargs: Any) -> None:
        lightnings: Any = super()
        lightnings.log_hyperparams(without_secrets(plain_params(params)), *args, **kwargs)

    def note(self, name: str, text: str) -> None:
        """Record a fact about the run, replacing what was recorded under its name."""
        self.log_hyperparams({name: text})


class TensorBoard(Tracker, TensorBoardLogger):
    """TensorBoard's event files in the folder ``tensorboard`` of the run folder, which are continued."""

    needs = ("tensorboard", "tensorboard")

    def __init__(self, *, item: str, folder: Path, run: str | None = None) -> None:
        super().__init__(item=item, save_dir=folder, name="tensorboard", version="")


class Csv(Tracker, CSVLogger):
    """Lightning's CSV file in ``NAME/version_0`` of the run folder; one that goes on begins the next."""

    def __init__(self, *, item: str, folder: Path, run: str | None = None, **arguments: Any) -> None:
        super().__init__(item=item, save_dir=folder, name=item, **arguments)


def plain_params(params: Any) -> dict[str, Any]:
    """Return hyper-parameters as a mapping."""
    return vars(params) if isinstance(params, Namespace) else dict(params or {})
