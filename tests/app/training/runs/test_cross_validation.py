import pytest

from nested_lightning.app.training.runs.cross_validation import summarise_folds


def test_folds_are_summarised_by_mean_and_sample_deviation() -> None:
    summary = summarise_folds([{"test_accuracy": value} for value in (0.97, 0.98, 0.99)])["test_accuracy"]
    assert summary.mean == pytest.approx(0.98)
    assert summary.std == pytest.approx(0.01)
    assert summary.values == (0.97, 0.98, 0.99)


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
