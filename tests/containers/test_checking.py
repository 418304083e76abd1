"""What `check_application` finds, in the families that ship."""

import pytest

from containers import bootstrap
from containers.checking import check_application


@pytest.mark.parametrize("family", ["multi-feature", "image-to-text", "vae-gan"])
def test_a_family_as_it_ships_has_no_fault_and_all_of_it_is_checked(family: str) -> None:
    report = check_application(bootstrap({"model": family}))
    assert not report.faults
    assert not report.unchecked
    assert sum(row.num_parameters for row in report.rows) > 10_000
