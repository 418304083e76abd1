"""Data mean the same in whatever form a program holds them, to the last bit of what is trained."""

import importlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.containers.shared_trainings import assert_same_training
from tests.containers.tables.everything import KINDS, features_of, settings_for, table_for, trained
from tests.quick_first import quick_first

pytestmark = pytest.mark.filterwarnings(
    "ignore:not used, as the model knows", "ignore:taken for categories", "ignore:in the test part, no row"
)


def _forms(cells: list[Any]) -> dict[str, Any]:
    """Return a column in other forms than a list."""
    forms: dict[str, Any] = {"tuple": tuple(cells), "arrow": pa.array(cells)}
    if not isinstance(cells[0], list):
        forms |= {"array": np.array(cells), "array [n, 1]": np.array(cells)[:, None]}
    if find_spec("pandas"):
        series = importlib.import_module("pandas").Series(cells, index=range(len(cells), 0, -1))
        forms |= {"series": series, "frame of one column": series.to_frame()}
    return forms


@pytest.mark.parametrize("kind", quick_first(KINDS))
def test_a_target_trains_the_same_model_in_every_shape_and_container(kind: str, tmp_path: Path) -> None:
    columns = table_for(kind)
    targets = [name for name in ("y", "z") if name in columns]
    forms = {name: _forms(columns[name]) for name in targets}

    trained(settings_for(kind, tmp_path / "list"), data=columns)

    for form in forms["y"]:
        given = columns | {name: forms[name][form] for name in targets}
        trained(settings_for(kind, tmp_path / form), data=given)
        assert_same_training(tmp_path / form, tmp_path / "list")


@pytest.mark.parametrize("kind", quick_first(["number", "several"]))
def test_frames_are_left_as_they_are_and_answers_are_on_their_index(kind: str) -> None:
    pandas = pytest.importorskip("pandas")
    plain = pandas.DataFrame(table_for(kind))
    predictor = trained(settings_for(kind), data=plain).predictor
    wanted = predictor.predict(plain).to_records()

    for index in (range(120, 0, -1), [7] * 120, [f"row {row % 50}" for row in range(120)]):
        frame = plain.set_axis(pandas.Index(index, name="id"))
        before = frame.copy(deep=True)
        answers = trained(settings_for(kind), data=frame).predictor.predict(frame)
        pandas.testing.assert_frame_equal(frame, before)
        assert answers.to_pandas().index.equals(frame.index)
        assert answers.to_records() == wanted


def test_columns_called_by_numbers_train_and_predict() -> None:
    pandas = pytest.importorskip("pandas")
    features = features_of()
    plain = pandas.DataFrame({name: features[name] for name in ("size", "mass", "colour")}, index=[3] * 120)
    numbered = plain.set_axis([0, 1, 2], axis="columns").assign(y=table_for("number")["y"])
    before = numbered.copy(deep=True)
    settings = settings_for("number", split={"kind": "random"})

    predictor = trained(settings, data=numbered).predictor
    answers = predictor.predict(numbered.drop(columns="y"))

    pandas.testing.assert_frame_equal(numbered, before)
    assert answers.to_pandas().index.equals(numbered.index)
    named = plain.rename(columns=str).assign(y=numbered["y"])
    by_name = trained(settings, data=named.rename(columns={"size": "0", "mass": "1", "colour": "2"}))
    assert answers.to_records() == by_name.predictor.predict(numbered).to_records()
