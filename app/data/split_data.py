"""What the datamodules of all families share: data that are read once, split, and given in batches."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar, Generic, Required, TypedDict, TypeVar

from pytorch_lightning import LightningDataModule

from nested_lightning.app.data.batch_loader import BatchLoader, PlaceableLoader
from nested_lightning.app.data.data_spec import DataSpec
from nested_lightning.app.data.data_summary import DataSummary
from nested_lightning.app.data.fingerprint import fingerprint
from nested_lightning.app.data.splits import PartName
from nested_lightning.app.errors import UserError

SpecT = TypeVar("SpecT", bound=DataSpec)
PartT = TypeVar("PartT")


class Loading(TypedDict, total=False):
    """What the datamodules of all families are told alike, see `SplitDataModule`."""

    batch_size: Required[int]
    eval_batch_size: int
    seed: int
    data_spec: Any


class SplitDataModule(LightningDataModule, Generic[SpecT, PartT]):
    """Reads data on first use and keeps the parts that they are split into.

    Args:
        batch_size: Samples of a training batch; as an attribute it may be changed, by a finder.
        eval_batch_size: Samples of a validation or test batch.
        seed: Decides the order of the training batches.
        data_spec: The facts that a trained model was built from, which then stand for those of the data.

    Attributes:
        batch_size: May be changed, for loaders that are asked for later.
        samples: What the samples are called in messages.
    """

    samples: ClassVar[str] = "rows"

    def __init__(
        self, *, batch_size: int, eval_batch_size: int = 256, seed: int = 0, data_spec: SpecT | None = None
    ) -> None:
        super().__init__()
        self.batch_size = batch_size
        self.eval_batch_size = eval_batch_size
        self._seed = seed
        self._given_spec = data_spec

    @abstractmethod
    def _read_parts(self) -> tuple[SpecT, Mapping[PartName, PartT]]:
        """Read, split and encode the data; return their facts and the parts."""

    @property
    def data_spec(self) -> SpecT:
        """What a model is built from; the data are read on first use.

        Raises:
            UserError: They can't be used as the settings say; the message says why and what to do.
        """
        return self._given_spec or replace(self._parts[0], fingerprint=self.fingerprint)

    @abstractmethod
    def _facts(self) -> Mapping[str, Any]:
        """Return facts about the data besides the parts' sizes, see `DataSummary`."""

    def _guesses(self) -> Sequence[str]:
        """Return what was guessed from the data, each with the setting that changes it."""
        return ()

    @property
    def summary(self) -> DataSummary:
        """A summary of the data, which are read on first use."""
        parts = {name: self._num_samples(name) for name in self._parts[1]}
        facts = {**self._facts(), "parts": {name: number for name, number in parts.items() if number}}
        return DataSummary(facts=facts, guesses=() if self._given_spec else self._guesses())

    def _num_samples(self, name: PartName) -> int:
        part: Any = self.part(name)
        return len(part)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all parts as they are split and encoded, see `app.data.fingerprint`."""
        return fingerprint(list(self._parts[1].values()))

    def setup(self, stage: str | None = None) -> None:
        """Read, split and encode the data, unless that has been done."""
        _ = self._parts

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of batches of {self.batch_size} {self.samples}>"

    __str__ = __repr__  # Lightning's looks for sizes that only its own loaders have

    def train_dataloader(self) -> PlaceableLoader[Any]:
        """Return batches of ``batch_size`` in a new order each epoch, without a smaller last one."""
        data: Any = self.part("train")
        if len(data) == 0:
            family = self.data_spec.family.replace("-", "_")
            raise UserError(f"the split leaves no {self.samples} to train on; see {family}.data.split")
        return BatchLoader(
            data=data, batch_size=self.batch_size, seed=self._seed, is_shuffled=True, drop_last=True
        )

    def val_dataloader(self) -> PlaceableLoader[Any]:
        """Return all validation samples in the files' order."""
        return self._eval_loader("val")

    def test_dataloader(self) -> PlaceableLoader[Any]:
        """Return all test samples in the files' order."""
        return self._eval_loader("test")

    def predict_dataloader(self) -> PlaceableLoader[Any]:
        """Return all test samples too, for ``Trainer.predict``; predictors take other data."""
        return self.test_dataloader()

    def part(self, name: PartName) -> PartT:
        """Return all samples of one part, training samples in the files' order."""
        return self._parts[1][name]

    def _eval_loader(self, name: PartName) -> PlaceableLoader[Any]:
        data: Any = self.part(name)
        return BatchLoader(data=data, batch_size=self.eval_batch_size)

    @cached_property
    def _parts(self) -> tuple[SpecT, Mapping[PartName, PartT]]:
        return self._read_parts()
