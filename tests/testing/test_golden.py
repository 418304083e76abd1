"""Golden configurations of a family of one's own."""

from pathlib import Path

import pytest

from nested_lightning import bootstrap
from nested_lightning.testing.golden import RENEW, assert_golden, golden_configuration
from tests.containers.owning.classifier import corners


def test_a_change_is_shown_as_a_diff_and_one_variable_renews_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "golden" / "corners.yaml"
    first, other = bootstrap({}, family=corners), bootstrap({"corners.use_smoothing": True}, family=corners)
    with pytest.raises(AssertionError, match=f"{RENEW}=1 renews it"):
        assert_golden(file, first)
    monkeypatch.setenv(RENEW, "1")
    assert_golden(file, first)
    monkeypatch.delenv(RENEW)

    assert_golden(file, first)
    assert file.read_text() == golden_configuration(first)
    with pytest.raises(AssertionError, match=r"\n-  use_smoothing: false\n\+  use_smoothing: true\n"):
        assert_golden(file, other)
