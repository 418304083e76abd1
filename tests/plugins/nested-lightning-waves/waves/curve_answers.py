"""Predictions and scores of a `CurveFit`."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from nested_lightning.app.answers import Answers
from nested_lightning.app.evaluation_report import EvaluationReport
from nested_lightning.app.tables.table_file import read_table
from waves.curve_data import CurveDataModule, CurveDataSpec, encode_rows
from waves.curve_model import CurveFit


class CurvePredictor:
    """Computes the curve's values for rows of tables.

    Args:
        model: The trained composite. It is put into evaluation mode.
        data_spec: The spec of the data that it was trained on.
    """

    def __init__(self, *, model: CurveFit, data_spec: CurveDataSpec) -> None:
        self.model = model.eval()
        self.data_spec = data_spec

    def predict_file(self, path: Path) -> list[float]:
        """Return the curve's value for each row of a CSV or Parquet file."""
        return self.predict(encode_rows(read_table(path), self.data_spec.columns)).tolist()

    @torch.inference_mode()
    def predict(self, inputs: Tensor) -> Tensor:
        """Map ``inputs`` of [N, F], float32, to the curve's values of [N], on the CPU."""
        values: Tensor = self.model(inputs.to(self.model.device))
        return values.cpu()


def answer_files(predictor: CurvePredictor, *, files: Sequence[Path]) -> Answers:
    """Compute the curve's value for each row of a table."""
    [file] = files
    values = predictor.predict_file(file)
    text = "".join(f"{value:.6f}\n" for value in values)
    return Answers(noun="values", count=len(values), writers={"text": text.encode})


class CurveEvaluator:
    """Compares the curve with the table.

    Args:
        predictor: Predicts with the trained composite.
        datamodule: The table.
    """

    def __init__(self, *, predictor: CurvePredictor, datamodule: CurveDataModule) -> None:
        self.predictor = predictor
        self.datamodule = datamodule

    def __call__(self, part: str = "test") -> EvaluationReport:
        """Return the mean squared error of one part."""
        rows = self.datamodule.part(part)
        assert rows.target is not None
        error = (self.predictor.predict(rows.inputs) - rows.target).square().mean()
        return EvaluationReport(num_samples=len(rows), scores={"mean_squared_error": float(error)})
