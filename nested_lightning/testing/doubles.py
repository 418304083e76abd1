"""Ready test doubles, for tests of programs that have an application's container in them.

``from nested_lightning.testing.doubles import SubmoduleDouble, few_samples, one_step_trainer``. Fixtures for
pytest are in `nested_lightning.testing.pytest_plugin`.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytorch_lightning import LightningDataModule, Trainer
from torch.utils.data import DataLoader

from nested_lightning.app.own.data_facts import OwnDataSpec
from nested_lightning.app.training.trainer import build_trainer
from nested_lightning.containers.application import ApplicationContainer
from nested_lightning.containers.starting.bootstrapping import family_container
from nested_lightning.testing.small_specs import small_spec
from nested_lightning.testing.submodule_double import Call, SubmoduleDouble

__all__ = ["Call", "FewSamples", "SubmoduleDouble", "few_samples", "one_step_trainer"]


class FewSamples(LightningDataModule):
    """The same few batches for training, validation and test.

    Args:
        data_spec: What the family's model is built from.
        batches: Batches of the family's own type, on the CPU.
    """

    fingerprint = "few samples"

    def __init__(self, *, data_spec: Any, batches: Sequence[Any]) -> None:
        super().__init__()
        self.data_spec = data_spec
        self.batches = list(batches)

    def train_dataloader(self) -> DataLoader[Any]:
        """Return the batches."""
        return DataLoader(self.batches, batch_size=None)  # type: ignore[arg-type]

    val_dataloader = test_dataloader = train_dataloader

    def part(self, name: str) -> Any:
        """Return the samples of a part: a batch, or batches by variant where a family has such."""
        del name
        first = self.batches[0]
        return first if len(self.batches) == 1 else {each.variant: each for each in self.batches}


def few_samples(
    application: ApplicationContainer, *, data_spec: Any = None, num_samples: int = 4
) -> FewSamples:
    """Return a datamodule with a few random samples of the right shape for the application's family.

    It takes the family's own one's place: ``overriding(application, "multi_feature.datamodule", …)``.

    Args:
        application: A ready container, of any family that has ``example_batches``.
        data_spec: What the samples are shaped by; None: what a checkpoint brought, or a small one.
        num_samples: Samples of a batch; of vae-gan, of each domain.

    Raises:
        UserError: A family that a plug-in brought has no small data spec, and none is given.
    """
    family = family_container(application)
    spec = data_spec or family.known_data_spec()
    if spec is None:
        is_own = family.data_spec_type() is OwnDataSpec
        spec = family.data_spec() if is_own else small_spec(application.settings().model)
    batches = family.example_batches.provides(spec, num_samples=num_samples, device="cpu")
    return FewSamples(data_spec=spec, batches=batches)


def one_step_trainer(root: Path | None = None) -> Trainer:
    """Return a trainer of one training step and one validation on the CPU, which writes nothing.

    Args:
        root: Folder for what a model writes of its own accord; None: the system's temporary folder.
    """
    return build_trainer(
        root=root or Path(tempfile.gettempdir()), max_epochs=1, max_steps=1, accelerator="cpu", devices=1
    )
