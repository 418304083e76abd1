"""Data mean the same in whatever form a program holds them, to the last bit of what is trained."""

import pytest

from tests.containers.tables.everything import features_of, settings_for, table_for, trained

pytestmark = pytest.mark.filterwarnings(
    "ignore:not used, as the model knows", "ignore:taken for categories", "ignore:in the test part, no row"
)


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
