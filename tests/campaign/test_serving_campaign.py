import pytest

from tests.campaign.serving import run


@pytest.mark.slow
def test_requests_of_every_kind_are_answered_or_refused() -> None:
    assert run(seed=1, count=300) == []
