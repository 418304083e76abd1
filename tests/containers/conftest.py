"""Trainings that several tests go on from, or compare with."""

from typing import Any

import pytest

from nested_lightning.settings.reading.merging import merge
from tests.conftest import make_small_settings, write_small_csv
from tests.containers.shared_trainings import SAVING, SharedTrainings


@pytest.fixture(scope="session")
def shared_trainings(tmp_path_factory: pytest.TempPathFactory) -> SharedTrainings:
    """Trains by the same settings once for each test process."""
    return SharedTrainings(tmp_path_factory.mktemp("shared-trainings"))


@pytest.fixture(scope="session")
def multi_feature(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Settings of a small training whose data all tests share: they are to be left as they are."""
    folder = tmp_path_factory.mktemp("shared-data")
    return merge(make_small_settings(write_small_csv(folder / "shapes.csv"), folder / "run"), SAVING)
