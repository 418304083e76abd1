"""A datamodule of a few samples, for any family."""

from collections.abc import Sequence
from typing import Any

from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader


class FewSamples(LightningDataModule):
    """The same few batches for training, validation and test.

    Args:
        data_spec: What the family's model is built from.
        batches: Batches of the family's own type, on the CPU.
        fingerprint: Hash of the data.
    """

    def __init__(self, *, data_spec: Any, batches: Sequence[Any], fingerprint: str = "few samples") -> None:
        super().__init__()
        self.data_spec = data_spec
        self.fingerprint = fingerprint
        self.batches = list(batches)

    def train_dataloader(self) -> DataLoader[Any]:
        """Return the batches."""
        return DataLoader(self.batches, batch_size=None)  # type: ignore[arg-type]

    def val_dataloader(self) -> DataLoader[Any]:
        """Return the batches."""
        return DataLoader(self.batches, batch_size=None)  # type: ignore[arg-type]

    def test_dataloader(self) -> DataLoader[Any]:
        """Return the batches."""
        return DataLoader(self.batches, batch_size=None)  # type: ignore[arg-type]

    def part(self, name: str) -> Any:
        """Return the samples of a part: a batch, or batches by variant where a family has such.

        Args:
            name: Each part has the same samples.
        """
        del name
        first = self.batches[0]
        return first if len(self.batches) == 1 else {each.variant: each for each in self.batches}
