"""Evaluation of a `MultiFeatureClassifier`."""

from typing import Any, ClassVar

from nested_lightning.app.answers import Evaluator
from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.data.splits import PartName
from nested_lightning.app.evaluation_report import EvaluationReport
from nested_lightning.app.multi_feature.data import MultiFeatureDataModule
from nested_lightning.app.multi_feature.predict import MultiFeaturePredictor


class MultiFeatureEvaluator(Evaluator[MultiFeaturePredictor, MultiFeatureDataModule]):
    """Compares predictions with the data."""

    sample_columns: ClassVar = ("row",)

    @checked_arguments
    def predictions(self, part: PartName = "test") -> list[dict[str, Any]]:
        """Return the number of each row in its file, from 1, what is true, and what is predicted for it."""
        rows, spec = self.datamodule.part(part), self.predictor.data_spec
        targets, truth = spec.targets, spec.truths(rows.target)
        true = {
            "label" if len(targets) == 1 else f"{name}_label": one.decode(truth[name])
            for name, one in targets.items()
        }
        answers = self.predictor.predict(rows).to_records()
        numbers = self.datamodule.rows(part).tolist()
        labels = [dict(zip(true, values, strict=True)) for values in zip(*true.values(), strict=True)]
        return [
            {"row": row, **label, **answer}
            for row, label, answer in zip(numbers, labels, answers, strict=True)
        ]

    @checked_arguments
    def __call__(self, part: PartName = "test") -> EvaluationReport:
        """Score one part of the data, see the objective's ``report``."""
        rows = self.datamodule.part(part)
        report: EvaluationReport = self.predictor.model.objective.report(
            self.predictor.answers(rows), rows.target
        )
        return report
