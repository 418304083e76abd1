"""A share of the campaign of choices: each of them once, not each two."""

from pathlib import Path

import pytest

from tests.campaign.choices import fault, rows
from tests.frozen.set_ups import FAMILIES


@pytest.mark.slow
@pytest.mark.parametrize("model", FAMILIES)
def test_no_choice_makes_a_model_that_is_degenerate(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    faults = {}
    for number, values in enumerate(rows(model, 1)):
        (tmp_path / str(number)).mkdir()
        if found := fault(model, values, tmp_path / str(number)):
            faults[number] = found, values

    assert not faults
