"""Evaluation of a `MultiFeatureClassifier`."""

from nested_lightning.app.answers import Evaluator
from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.data.splits import PartName
from nested_lightning.app.evaluation_report import EvaluationReport, score_classes
from nested_lightning.app.multi_feature.data import MultiFeatureDataModule
from nested_lightning.app.multi_feature.predict import MultiFeaturePredictor


class MultiFeatureEvaluator(Evaluator[MultiFeaturePredictor, MultiFeatureDataModule]):
    """Compares predictions with the labels of the data."""

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
