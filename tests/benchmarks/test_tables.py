"""The rows and scores that all models of `benchmarks/tables` share."""

from collections import Counter

import numpy as np
import pytest

pd = pytest.importorskip("pandas", reason="the tables are data frames")

from benchmarks.tables.folds import NUM_FOLDS, parts  # noqa: E402
from benchmarks.tables.ranking import mean_ranks, means  # noqa: E402
from benchmarks.tables.real_table import RealTable  # noqa: E402
from benchmarks.tables.scores import Answers, scores  # noqa: E402
from benchmarks.tables.sources import SOURCES  # noqa: E402

SIZES = {
    "diabetes": (442, 10),
    "digits": (1797, 64),
    "Phishing": (1250, 9),
    "SolarFlare": (1066, 10),
    "OJ": (1070, 17),
    "Default": (10_000, 3),
    "Wage": (3000, 9),
    "Bikeshare": (8645, 12),
    "loanapp": (1989, 56),
    "diamonds": (10_000, 9),
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_table_has_its_size_without_the_columns_that_give_the_answer_away(name: str) -> None:
    try:
        table = SOURCES[name]()
    except (ModuleNotFoundError, FileNotFoundError) as absent:
        pytest.skip(f"{name} comes with what isn't here: {absent}")

    assert table.features.shape == SIZES[name]
    assert not {"logwage", "casual", "registered", "reject", "action", *table.targets} & {*table.features}


@pytest.fixture
def table() -> RealTable:
    frame = pd.DataFrame(
        {"size": np.arange(100.0), "hue": ["red", "blue"] * 50, "sold": ["no"] * 80 + ["yes"] * 20}
    )
    return RealTable.of("shop", "binary", frame, label="sold")


def test_each_row_is_tested_once_and_the_rest_train_or_validate(table: RealTable) -> None:
    folds = [parts(table, fold=fold, seed=0) for fold in range(NUM_FOLDS)]

    assert Counter(row for fold in folds for row in fold.test) == Counter(range(100))
    for fold in folds:
        assert sorted([*fold.train, *fold.val, *fold.test]) == list(range(100))
        assert table.truth[fold.test].sum() == 4


def test_rows_to_choose_defaults_by_are_none_of_the_folds_test_rows(table: RealTable) -> None:
    outer, inner = (parts(table, fold=1, seed=0, is_inner=is_inner) for is_inner in (False, True))

    assert sorted([*inner.train, *inner.val, *inner.test]) == sorted([*outer.train, *outer.val])


def test_text_is_a_category_and_classes_are_in_order(table: RealTable) -> None:
    assert table.categorical == ["hue"]
    assert table.classes == ["no", "yes"]
    assert table.truth[79:81].tolist() == [0, 1]


def test_scores_of_two_classes_go_by_answers_and_by_probabilities(table: RealTable) -> None:
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]])

    found = scores(
        table, np.array([0, 1, 99]), Answers(values=np.array([0, 0, 1]), probabilities=probabilities)
    )

    assert found["accuracy"] == found["auroc"] == 1
    assert found["log_loss"] == pytest.approx(-np.log([0.9, 0.4, 0.8]).mean())


def test_models_are_ranked_by_their_means_and_equals_share_a_rank() -> None:
    line = {"table": "Wage", "seed": 0, "seconds": 1.0}
    errors = {"first": (1.0, 3.0), "second": (2.0, 2.0), "third": (4.0, 4.0)}
    lines = [
        {**line, "model": model, "fold": fold, "rmse": rmse}
        for model, both in errors.items()
        for fold, rmse in enumerate(both)
    ]

    assert mean_ranks(means(lines)) == {"first": 1.5, "second": 1.5, "third": 3}
