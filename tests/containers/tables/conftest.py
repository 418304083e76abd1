"""What these tests share: each has a folder of its own, in which run folders lie too."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have run folders without a name of their own lie below the test's folder."""
    monkeypatch.chdir(tmp_path)
