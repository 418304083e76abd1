"""Dates: found, missing ones filled in, with zones, years later, and such as no calendar has."""

import math
import warnings
from pathlib import Path
from typing import Any

import pytest

from nested_lightning import bootstrap
from tests.containers.tables.everything import Columns, features_of, settings_for, table_for, trained

pytestmark = pytest.mark.filterwarnings("ignore:taken for categories", "ignore:not used, as the model knows")


def _with_dates(dates: list[Any]) -> Columns:
    return table_for("number", {**features_of(), "bought": dates})


def _blanked(dates: list[Any]) -> list[Any]:
    return ["" if row % 9 == 4 else day for row, day in enumerate(dates)]


@pytest.fixture
def predictor(tmp_path: Path) -> Any:
    """Of a model that was trained with dates of which some are blank."""
    columns = _with_dates(_blanked(features_of()["bought"]))
    settings = settings_for("number", tmp_path / "run", missing="mean")
    application: Any = bootstrap(settings, data=columns)
    assert "1 date" in application.multi_feature.data_summary().lines()["groups"]
    return application.train().predictor


@pytest.mark.parametrize(
    "day", ["", None, "2034-06-05", "1969-12-31", "2034-06-05T04:03:02+09:00", "2024-02-29 23:59"]
)
def test_dates_that_are_blank_years_later_or_in_another_zone_are_answered(predictor: Any, day: Any) -> None:
    columns = _with_dates([day] * 120)

    answers = predictor.predict(columns).to_records()

    assert all(math.isfinite(answer["prediction"]) for answer in answers)


def test_dates_with_zones_and_blanks_are_found_and_train(tmp_path: Path) -> None:
    zoned = [
        f"{day}T10:00:00{zone}"
        for day, zone in zip(features_of()["bought"], ["Z", "+02:00"] * 60, strict=True)
    ]
    settings = settings_for("number", tmp_path / "run", missing="mean")

    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        result = trained(settings, data=_with_dates(_blanked(zoned)))

    assert result.predictor.data_spec.sorts["bought"] == "date"
    assert math.isfinite(result.test_metrics["test_loss"])
