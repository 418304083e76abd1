"""Files of a user's, classified by a `MultiFeatureClassifier`."""

from collections.abc import Sequence
from pathlib import Path

from nested_lightning.app.answers import Answers
from nested_lightning.app.multi_feature.predict import MultiFeaturePredictor


def answer_files(predictor: MultiFeaturePredictor, *, files: Sequence[Path]) -> Answers:
    """Classify the rows of a file.

    Args:
        predictor: Knows the classes.
        files: One CSV or Parquet file.

    Raises:
        UserError: It can't be read, or lacks columns that the model needs.
    """
    [file] = files
    predictions = predictor.predict_file(file)
    return Answers(noun="predictions", count=len(predictions), writers={"csv": predictions.to_csv})
