"""Predictions of multi-feature: classes, probabilities, what stands beside them."""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch

from nested_lightning import bootstrap
from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature import answers
from nested_lightning.app.multi_feature.answers import answer_files
from nested_lightning.app.multi_feature.encoding import read_rows
from nested_lightning.app.multi_feature.group_specs import ColumnSpec, GroupSpec
from nested_lightning.app.multi_feature.objectives.predictions import ClassPredictions
from nested_lightning.app.multi_feature.predict import MultiFeaturePredictor
from nested_lightning.app.tables.number_block import SplitTable
from nested_lightning.app.tables.table_file import read_table
from tests.untrained import as_if_trained

PREDICTIONS = ClassPredictions(
    class_names=("circle", "square, big"), probabilities=torch.tensor([[0.75, 0.25], [0.125, 0.875]])
)


@pytest.fixture
def predictor(small_settings: dict[str, Any]) -> MultiFeaturePredictor:
    """A predictor with initial weights: what matters here is not how good it is."""
    predictor: MultiFeaturePredictor = as_if_trained(bootstrap(small_settings).multi_feature).predictor()
    return predictor


def test_the_class_of_a_row_is_its_most_probable_one() -> None:
    assert PREDICTIONS.classes == ["circle", "square, big"]
    assert len(PREDICTIONS) == 2


def test_a_record_has_the_class_and_the_probability_of_each() -> None:
    assert PREDICTIONS.to_records()[1] == {
        "prediction": "square, big",
        "probability_circle": 0.125,
        "probability_square, big": 0.875,
    }


def test_kept_columns_stand_before_the_answers_as_the_file_has_them(
    predictor: MultiFeaturePredictor, small_csv: Path, tmp_path: Path
) -> None:
    numbered = tmp_path / "numbered.csv"
    lines = small_csv.read_text().splitlines()
    numbered.write_text("\n".join([f"id,{lines[0]}", *(f"{i:04},{row}" for i, row in enumerate(lines[1:]))]))

    content = answer_files(predictor, files=[numbered], keep="id").encode("csv").decode()

    rows = list(csv.DictReader(content.splitlines()))
    assert [*rows[0]][:2] == ["id", "prediction"]
    assert [row["id"] for row in rows[:2]] == ["0000", "0001"]


@pytest.mark.parametrize(("keep", "times"), [("id, kar0", 1), ("*", 2)])
def test_a_file_is_read_once_for_the_columns_that_are_named(
    predictor: MultiFeaturePredictor, small_csv: Path, monkeypatch: pytest.MonkeyPatch, keep: str, times: int
) -> None:
    small_csv.write_text(small_csv.read_text().replace("shape", "id", 1))
    read: list[Path] = []

    def counted_read(path: Path, **options: Any) -> pa.Table:
        read.append(path)
        return read_table(path, **options)

    monkeypatch.setattr(answers, "read_table", counted_read)

    answer_files(predictor, files=[small_csv], keep=keep)

    assert len(read) == times


def test_categories_that_the_training_never_saw_are_counted(
    predictor: MultiFeaturePredictor,
) -> None:
    colours = GroupSpec(name="kar", columns=(ColumnSpec(name="colour", categories=("blue", "red")),))
    spec = replace(predictor.data_spec, groups=(colours,))
    table = pa.table({"colour": ["red", "green", "green", "grey", None]})

    with pytest.warns(UserWarning, match=r"3 rows of 5 .*'green' \(2\), 'grey' \(1\)"):
        read_rows(SplitTable.of_table(table, apart=spec.no_numbers), replace(spec, missing="mean"))


def test_probabilities_of_a_row_sum_to_one(predictor: MultiFeaturePredictor, small_csv: Path) -> None:
    probabilities = predictor.predict_file(small_csv).probabilities

    assert probabilities.shape == (90, 3)
    torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(90))


def test_the_batch_size_changes_nothing(predictor: MultiFeaturePredictor, small_csv: Path) -> None:
    whole = predictor.predict_file(small_csv).probabilities
    small = MultiFeaturePredictor(model=predictor.model, data_spec=predictor.data_spec, batch_size=7)

    torch.testing.assert_close(small.predict_file(small_csv).probabilities, whole)


def test_columns_may_come_in_any_order_and_others_are_ignored(
    predictor: MultiFeaturePredictor, small_csv: Path
) -> None:
    table = read_table(small_csv)
    shuffled = table.select(sorted(table.column_names, reverse=True)).append_column("id", [list(range(90))])

    assert torch.equal(
        predictor.predict_table(shuffled).probabilities, predictor.predict_table(table).probabilities
    )


def test_a_missing_column_is_named_with_its_file(predictor: MultiFeaturePredictor, tmp_path: Path) -> None:
    file = tmp_path / "short.csv"
    file.write_text("kar0,kar1,kar2,fou0\n1,2,3,4\n")

    with pytest.raises(UserError, match=r"short\.csv.*fou1"):
        predictor.predict_file(file)


def test_a_table_in_memory_is_classified_too(predictor: MultiFeaturePredictor) -> None:
    table = pa.table({name: [0.5, 1.5] for name in ("kar0", "kar1", "kar2", "fou0", "fou1")})

    assert len(predictor.predict_table(table)) == 2


def test_predicting_keeps_no_gradients_and_no_training_mode(
    predictor: MultiFeaturePredictor, small_csv: Path
) -> None:
    probabilities = predictor.predict_file(small_csv).probabilities

    assert not probabilities.requires_grad
    assert not predictor.model.training
