"""Scores of a composite of one's own, by its own test loop."""

from typing import Any, Literal

from pytorch_lightning import LightningDataModule, LightningModule, Trainer

from nested_lightning.app.assembly.wiring.data_facts import num_samples_of
from nested_lightning.app.errors import UserError
from nested_lightning.app.evaluation_report import EvaluationReport


class OwnEvaluator:
    """Runs the module's own test or validation loop, and reports what it logs.

    Args:
        model: The trained composite.
        datamodule: The data.
    """

    def __init__(self, *, model: LightningModule, datamodule: LightningDataModule) -> None:
        self._model, self._datamodule = model, datamodule

    def __call__(self, part: Literal["train", "val", "test"] = "test") -> EvaluationReport:
        """Score one part: the test part by the test loop, the others by the validation loop.

        Raises:
            UserError: The module or the datamodule has no such loop.
        """
        trainer = quiet_trainer(self._model)
        loader = self._loader(part)
        run = trainer.test if part == "test" else trainer.validate
        found = run(self._model, dataloaders=loader, verbose=False, weights_only=True)
        scores = {name: float(value) for values in found for name, value in values.items()}
        return EvaluationReport(num_samples=num_samples_of(loader), scores=scores)

    def _loader(self, part: str) -> Any:
        step = "test_step" if part == "test" else "validation_step"
        if getattr(type(self._model), step) is getattr(LightningModule, step):
            raise UserError(f"{type(self._model).__name__} has no {step}, by which the part {part} is scored")
        if part == "test":
            self._datamodule.setup("test")
        return getattr(self._datamodule, f"{part}_dataloader")()


def quiet_trainer(model: LightningModule) -> Trainer:
    """Return a Trainer that writes nothing and works where the model is."""
    return Trainer(
        accelerator="auto" if model.device.type != "cpu" else "cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
