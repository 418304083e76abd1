"""A short share of the campaign against the reader of settings."""

import pytest

from tests.campaign.settings import make_tries, run


@pytest.mark.slow
def test_damaged_settings_are_taken_or_refused_in_time_and_in_few_words() -> None:
    outcomes, failures = run(seed=1, count=150)

    assert failures == []
    assert {outcome for _, outcome in outcomes} == {"taken", "refused"}


@pytest.mark.slow
def test_the_same_seed_gives_the_same_tries() -> None:
    assert list(make_tries(2, 20)) == list(make_tries(2, 20)) != list(make_tries(3, 20))
