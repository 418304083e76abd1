"""The real program, started as a user starts it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
Program = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Runs ``python main.py`` with arguments in a folder of its own, and gives output and exit status."""

    def run(*arguments: str, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("NESTED_LIGHTNING")}
        return subprocess.run(
            [sys.executable, str(PROJECT / "main.py"), *arguments],
            cwd=tmp_path,
            env={**own, "COLUMNS": "200", **(environ or {})},
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run
