"""Predictions for tables as programs hold them: columns go by name, and answers by the given rows."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from nested_lightning import bootstrap
from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.predict import MultiFeaturePredictor
from nested_lightning.app.tables.table_file import read_table
from tests.untrained import as_if_trained


@pytest.fixture
def predictor(small_settings: dict[str, Any]) -> MultiFeaturePredictor:
    predictor: MultiFeaturePredictor = as_if_trained(bootstrap(small_settings).multi_feature).predictor()
    return predictor


@pytest.fixture
def features(small_csv: Path) -> pa.Table:
    return read_table(small_csv).drop_columns(["shape"])


def test_columns_go_by_name_and_those_of_no_use_are_named(
    predictor: MultiFeaturePredictor, features: pa.Table, small_csv: Path
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wanted = predictor.predict(features).probabilities
        with_label = predictor.predict(read_table(small_csv)).probabilities
        reverse = predictor.predict(features.select(features.column_names[::-1])).probabilities
    columns = {**features.to_pydict(), "id": [object()] * 90, "when": [0] * 90}
    with pytest.warns(UserWarning, match="not used, as the model knows no such columns: 'id', 'when'"):
        with_more = predictor.predict(columns).probabilities

    for given in (with_label, reverse, with_more):
        assert torch.equal(given, wanted)


def test_a_column_that_lacks_or_holds_words_is_named(
    predictor: MultiFeaturePredictor, features: pa.Table
) -> None:
    with pytest.raises(UserError, match="group 'kar' needs 1 column that the file lacks: 'kar1'"):
        predictor.predict(features.drop_columns(["kar1"]))
    words = features.set_column(0, "kar0", pa.array(["fast"] * 90))
    with pytest.raises(UserError, match=r"column 'kar0' holds text in 90 rows.*trained with numbers there"):
        predictor.predict(words)


def test_answers_are_a_table_for_whoever_knows_arrow(
    predictor: MultiFeaturePredictor, features: pa.Table
) -> None:
    answers = predictor.predict(features)

    assert pa.table(answers) == answers.to_table()
    assert answers.index is None


@pytest.mark.parametrize("index", [["b", "a", "b"], [2, 1, 0], range(3)])
def test_answers_are_on_the_index_of_the_frame(
    predictor: MultiFeaturePredictor, features: pa.Table, index: Any
) -> None:
    pandas = pytest.importorskip("pandas")
    plain = features.slice(0, 3).to_pandas()
    frame = plain.set_axis(pandas.Index(index, name="id"))

    answers = predictor.predict(frame)

    assert answers.to_pandas().index.equals(frame.index)
    assert answers.to_pandas().index.name == "id"
    assert torch.equal(answers.probabilities, predictor.predict(plain).probabilities)


def test_a_feature_may_be_the_index(predictor: MultiFeaturePredictor, features: pa.Table) -> None:
    pandas = pytest.importorskip("pandas")
    frame = features.to_pandas()
    assert isinstance(frame, pandas.DataFrame)

    found = predictor.predict(frame.set_index("kar0")).probabilities

    assert torch.equal(found, predictor.predict(features).probabilities)


def test_a_row_alone_is_answered_as_within_a_table(
    predictor: MultiFeaturePredictor, features: pa.Table
) -> None:
    whole = predictor.predict(features).probabilities[:5]
    alone = torch.cat([predictor.predict(row).probabilities for row in features.slice(0, 5).to_pylist()])

    np.testing.assert_allclose(alone, whole, atol=1e-6)
