import math

import pytest

from nested_lightning.app.training.runs.fold_scores import summarise_folds


def test_folds_are_summarised_by_mean_and_sample_deviation() -> None:
    summary = summarise_folds([{"test_accuracy": value} for value in (0.97, 0.98, 0.99)])["test_accuracy"]
    assert summary.mean == pytest.approx(0.98)
    assert summary.std == pytest.approx(0.01)
    assert summary.values == (0.97, 0.98, 0.99)


def test_the_interval_counts_that_folds_share_rows_to_train_on() -> None:
    summary = summarise_folds([{"test_accuracy": value} for value in (0.97, 0.98, 0.99)])["test_accuracy"]
    half = 4.302653 * 0.01 * math.sqrt(1 / 3 + 1 / 2)  # the quantile of a table, with two degrees of freedom
    assert (summary.low, summary.high) == pytest.approx((0.98 - half, 0.98 + half), rel=1e-5)


def test_single_fold_has_no_deviation() -> None:
    assert summarise_folds([{"test_loss": 0.5}])["test_loss"].std == 0.0


def test_metrics_keep_their_order() -> None:
    assert list(summarise_folds([{"b": 1.0, "a": 2.0}, {"a": 1.0, "b": 2.0}])) == ["b", "a"]


def test_folds_with_different_metrics_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in name"):
        summarise_folds([{"test_loss": 1.0}, {"test_accuracy": 1.0}])


def test_no_folds_are_refused() -> None:
    with pytest.raises(ValueError, match="no folds"):
        summarise_folds([])
