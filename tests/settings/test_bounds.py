"""Every whole number has bounds: beyond them one line names the setting, rather than a failure in C++."""

from typing import Any

import pytest

from nested_lightning import SettingsError, families, load_settings
from nested_lightning.settings.application import application_settings_model
from nested_lightning.settings.describing.reference import setting_rows

ROWS = [row for row in setting_rows(application_settings_model()) if "whole number" in row.allowed]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.path}-{row.kind}")
def test_a_whole_number_has_an_upper_bound(row: Any) -> None:
    assert "≤" in row.allowed or row.path == "trainer.devices"


@pytest.mark.parametrize("name", families())
def test_a_whole_number_among_a_predictors_options_has_an_upper_bound(name: str) -> None:
    for row in setting_rows(families()[name].predictor.options):
        assert "whole number" not in row.allowed or "≤" in row.allowed, row


@pytest.mark.parametrize(
    "name",
    [
        "trainer.num_threads",
        "trainer.devices",
        "seed",
        "multi_feature.data.batch_size",
        "multi_feature.data.split.seed",
        "multi_feature.feature_extractor.hidden_features",
        "image_to_text.data.picture_size",
        "variant.decoder.num_layers",
    ],
)
@pytest.mark.parametrize("number", [100_000_000_000, 10**25])
def test_a_number_beyond_all_bounds_is_one_line(name: str, number: int) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(model="multi-feature", assignments=[f"{name}={number}"])

    (line,) = caught.value.problems
    assert name in line
    assert "less than or equal to" in line


def test_more_threads_than_a_process_may_start_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"trainer\.num_threads = 100000: "):
        load_settings(model="multi-feature", assignments=["trainer.num_threads=100000"])
