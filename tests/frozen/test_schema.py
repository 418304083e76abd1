"""Names, kinds, defaults and bounds of all settings."""

import pytest

from tests.frozen.comparing import assert_same
from tests.frozen.record import read_recording
from tests.frozen.schema import record_schema


@pytest.mark.parametrize("section", read_recording("schema")["properties"])
def test_schema_of_a_section_is_as_recorded(section: str) -> None:
    recorded, now = read_recording("schema"), record_schema()

    assert_same({section: recorded["properties"][section]}, {section: now["properties"].get(section)})


def test_schema_has_the_recorded_sections() -> None:
    recorded, now = read_recording("schema"), record_schema()

    assert list(now.pop("properties")) == list(recorded.pop("properties"))
    assert_same(recorded, now)
