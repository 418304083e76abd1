"""A host that has packages of our names is told so when it imports us."""

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


def _import_containers(folder: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys, containers; print('torch' in sys.modules, 'app' in sys.modules)"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={"PYTHONPATH": f"{folder}:{PROJECT}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("file", ["app.py", "app/__init__.py", "settings.py"])
def test_a_package_of_our_name_is_refused_with_its_place(tmp_path: Path, file: str) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).touch()
    name = file.partition("/")[0].removesuffix(".py")

    done = _import_containers(tmp_path)

    assert done.returncode == 1
    assert f"Python finds '{name}' in {tmp_path / file}" in done.stderr
    assert "rename that one" in done.stderr


def test_other_names_are_no_trouble_and_nothing_is_imported(tmp_path: Path) -> None:
    (tmp_path / "api.py").touch()

    assert _import_containers(tmp_path).stdout.split() == ["False", "False"]
