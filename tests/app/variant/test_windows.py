"""Long sequences in windows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nested_lightning.app.errors import UserError
from nested_lightning.app.variant.windows import check_window, cut_windows


@given(st.integers(1, 300), st.integers(3, 60), st.integers(0, 29))
def test_every_step_is_scored_once_with_context_on_both_sides(length: int, window: int, margin: int) -> None:
    margin = min(margin, (window - 1) // 2)
    cuts = list(cut_windows(length, window=window, margin=margin))

    scored = [step for cut in cuts for step in range(cut.scored_start, cut.scored_stop)]
    assert scored == list(range(length))
    assert {cut.stop - cut.start for cut in cuts} == {min(window, length)}
    for cut in cuts:
        assert cut.scored_start - cut.start >= margin or cut.start == 0
        assert cut.stop - cut.scored_stop >= margin or cut.stop == length


def test_without_a_window_a_sequence_stays_whole() -> None:
    (cut,) = cut_windows(1000, window=None, margin=0)

    assert (cut.start, cut.stop, cut.scored_start, cut.scored_stop) == (0, 1000, 0, 1000)


def test_margins_that_leave_nothing_are_refused() -> None:
    with pytest.raises(UserError, match=r"margin of 5 .* window of 10"):
        check_window(10, 5)
