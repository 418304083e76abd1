"""Protocols of what trains a composite, and of what gives it data."""

from typing import Any, Protocol

from pytorch_lightning import LightningDataModule, LightningModule
from torch.optim import Optimizer as TorchOptimizer
from torch.optim.lr_scheduler import LRScheduler

from nested_lightning.app.assembly.protocols.declaring import instance_of
from nested_lightning.app.evaluation_report import EvaluationReport


@instance_of(LightningModule)
class Model(Protocol):
    """A composite that Lightning trains."""


@instance_of(LightningDataModule)
class DataModule(Protocol):
    """The data of a training, and the facts of it that a model is built from."""

    @property
    def data_spec(self) -> Any:
        """The data spec of the family, e.g. a `MultiFeatureDataSpec`."""

    @property
    def fingerprint(self) -> str:
        """A hash of the data, by which `resume` knows them again."""

    def train_dataloader(self) -> Any:
        """Return the batches of the training part."""

    def val_dataloader(self) -> Any:
        """Return the batches of the validation part."""

    def test_dataloader(self) -> Any:
        """Return the batches of the test part."""


@instance_of(TorchOptimizer)
class Optimizer(Protocol):
    """An optimiser of the parameters, or groups of parameters, that it is given."""

    def __init__(self, parameters: Any, /) -> None: ...


@instance_of(LRScheduler)
class Schedule(Protocol):
    """The learning rate of an optimiser in a training of that many steps; None: it stays as it is."""

    def __init__(self, optimizer: TorchOptimizer, num_steps: int, /) -> None: ...


class Evaluator(Protocol):
    """Scores a trained model on a part of its data."""

    def __call__(self, part: str) -> EvaluationReport:
        """Score the part ``train``, ``val`` or ``test``."""
