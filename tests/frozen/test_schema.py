"""Names, kinds, defaults and bounds of all settings."""

from tests.frozen.comparing import assert_same
from tests.frozen.record import read_recording
from tests.frozen.schema import record_schema


def test_schema_is_as_recorded_in_its_order() -> None:
    recorded, now = read_recording("schema"), record_schema()

    assert_same(recorded, now)
    assert list(recorded["properties"]) == list(now["properties"])
