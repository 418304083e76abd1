"""Scores of a composite of one's own, by its own test loop."""

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any, Literal

from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning import Callback, LightningDataModule, LightningModule, Trainer

from nested_lightning.app.errors import UserError
from nested_lightning.app.evaluation_report import EvaluationReport
from nested_lightning.app.own.data_facts import num_samples_of
from nested_lightning.app.random_numbers import seeded_generators
from nested_lightning.app.training.loops import joined_scores, lacking_for
from nested_lightning.app.training.reporting.log_file import log_to_file

_REMARKS = (
    r"Your `\w+`'s sampler has shuffling enabled",  # scores are the same, and predictions are put in order
    r"The '\w+' does not have many workers",
)
_BY_POSITION = r"more than one `__init__` argument can be passed to its parent's `(\w+)="
"""What Lightning says where it makes a loader of predict anew with what it had by position."""
PartName = Literal["train", "val", "test"]


class OwnEvaluator:
    """Runs the module's own test or validation loop, and reports what it logs.

    Args:
        model: The trained composite.
        datamodule: The data; None: the module has loaders of its own. Its attribute ``baseline``, if it has
            one, says what is easily reached, by the names that are logged.
        seed: Of what the loop draws.
    """

    def __init__(
        self, *, model: LightningModule, datamodule: LightningDataModule | None, seed: int = 0
    ) -> None:
        self._model, self._datamodule, self._seed = model, datamodule, seed

    @property
    def default_part(self) -> PartName:
        """The part that is scored where none is named: the test part, or validation's where there is none."""
        return "val" if lacking_for("test", self._model, self._datamodule) else "test"

    def __call__(self, part: PartName | None = None) -> EvaluationReport:
        """Score one part: the test part by the test loop, the others by the validation loop.

        Raises:
            UserError: The module or the datamodule has no such loop.
        """
        part = part or self.default_part
        if lacking := lacking_for(part, self._model, self._datamodule):
            raise UserError(f"the part {part} can't be scored: {', and '.join(lacking)}")
        with quiet_trainer(self._model, seed=self._seed) as trainer:
            run = trainer.test if part == "test" else trainer.validate
            found = run(self._model, **self._data(part), verbose=False, weights_only=True)
            loaders = trainer.test_dataloaders if part == "test" else trainer.val_dataloaders
        scores = joined_scores(found)
        baseline = getattr(self._datamodule, "baseline", None) or {}
        return EvaluationReport(
            num_samples=num_samples_of(loaders),
            scores=scores,
            baseline={name: float(value) for name, value in baseline.items() if name in scores},
        )

    def _data(self, part: PartName) -> dict[str, Any]:
        """Return the data as Lightning takes them: training samples as if they were those of validation."""
        if part != "train":
            return {"datamodule": self._datamodule}
        if self._datamodule is None:
            return {"dataloaders": self._model.train_dataloader()}
        twin: Any = copy(self._datamodule)  # has the hooks that see each batch
        twin.val_dataloader = self._datamodule.train_dataloader
        return {"datamodule": twin}


@contextmanager
def quiet_trainer(
    model: LightningModule, *, seed: int = 0, callbacks: Sequence[Callback] = ()
) -> Iterator[Trainer]:
    """Give a Trainer that writes nothing, works on the model's device and leaves random state as it was.

    Raises:
        UserError: Module and datamodule don't fit, as Lightning says.
    """
    place = model.device
    with log_to_file(None), seeded_generators(seed):
        for remark in _REMARKS:
            warnings.filterwarnings("ignore", remark)
        try:
            yield Trainer(
                accelerator=place.type,
                devices=1 if place.index is None else [place.index],
                logger=False,
                callbacks=[*callbacks],
                enable_checkpointing=False,
                enable_progress_bar=False,
                enable_model_summary=False,
            )
        except MisconfigurationException as error:
            twice = re.search(_BY_POSITION, str(error))
            reason = f"pass {twice[1]} to DataLoader by name, as in {twice[1]}=…" if twice else error
            raise UserError(f"{type(model).__name__} and its data don't fit: {reason}") from error
