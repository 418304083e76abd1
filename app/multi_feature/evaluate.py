"""Evaluation of a `MultiFeatureClassifier`."""

from typing import Any

from nested_lightning.app.answers import Evaluator
from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.data.splits import PartName
from nested_lightning.app.evaluation_report import EvaluationReport, score_classes
from nested_lightning.app.multi_feature.data import MultiFeatureDataModule
from nested_lightning.app.multi_feature.predict import MultiFeaturePredictor


class MultiFeatureEvaluator(Evaluator[MultiFeaturePredictor, MultiFeatureDataModule]):
    """Compares predictions with the labels of the data."""

    @checked_arguments
    def predictions(self, part: PartName = "test") -> list[dict[str, Any]]:
        """Return the number of each row in its file, from 1, its label, and what is predicted for it."""
        rows, names = self.datamodule.part(part), self.predictor.data_spec.class_names
        assert rows.target is not None
        answers = self.predictor.predict(rows).to_records()
        numbered = zip(self.datamodule.rows(part).tolist(), rows.target.tolist(), answers, strict=True)
        return [{"row": row, "label": names[label], **answer} for row, label, answer in numbered]

    @checked_arguments
    def __call__(self, part: PartName = "test") -> EvaluationReport:
        """Score one part of the data: see `ClassScores`, with the log loss."""
        from sklearn.metrics import log_loss  # half a second, not before it is needed

        rows = self.datamodule.part(part)
        assert rows.target is not None
        target = rows.target.numpy()
        given = self.predictor.predict(rows).probabilities.double()
        probabilities = (given / given.sum(dim=1, keepdim=True)).numpy()
        names = self.predictor.data_spec.class_names
        found = score_classes(target, probabilities, names)
        loss = float(log_loss(target, probabilities, labels=range(len(names))))
        return EvaluationReport(
            num_samples=len(rows),
            scores=found.scores | {"log_loss": loss},
            breakdown=found.breakdown,
            breakdown_by="class",
            confusions={"": found.confusion},
        )
