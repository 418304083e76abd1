"""Evaluation of a `MultiFeatureClassifier`."""

from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.data.splits import PartName
from nested_lightning.app.evaluation_report import EvaluationReport
from nested_lightning.app.multi_feature.data import MultiFeatureDataModule
from nested_lightning.app.multi_feature.predict import MultiFeaturePredictor


class MultiFeatureEvaluator:
    """Compares predictions with the labels of the data.

    Args:
        predictor: Predicts with the trained composite.
        datamodule: The data with its split.
    """

    def __init__(self, *, predictor: MultiFeaturePredictor, datamodule: MultiFeatureDataModule) -> None:
        self.predictor = predictor
        self.datamodule = datamodule

    @checked_arguments
    def __call__(self, part: PartName = "test") -> EvaluationReport:
        """Score one part of the data: accuracy, macro F1 and log loss, and each class on its own."""
        from sklearn import metrics  # half a second, not before it is needed

        rows = self.datamodule.part(part)
        assert rows.target is not None
        target = rows.target.numpy()
        scores = self.predictor.predict(rows).probabilities.double()
        probabilities = (scores / scores.sum(dim=1, keepdim=True)).numpy()
        predicted = probabilities.argmax(axis=1)
        names = self.predictor.data_spec.class_names
        labels = range(len(names))
        columns = metrics.precision_recall_fscore_support(target, predicted, labels=labels, zero_division=0.0)
        return EvaluationReport(
            num_samples=len(rows),
            scores={
                "accuracy": float(metrics.accuracy_score(target, predicted)),
                "macro_f1": float(metrics.f1_score(target, predicted, average="macro", zero_division=0.0)),
                "log_loss": float(metrics.log_loss(target, probabilities, labels=labels)),
            },
            breakdown={
                name: {"precision": float(p), "recall": float(r), "f1": float(f), "samples": float(n)}
                for name, p, r, f, n in zip(names, *columns, strict=True)
            },
            breakdown_by="class",
        )
