"""Wheels of this project and of plug-ins, and fresh virtual environments that they are installed into."""

import os
import shutil
import site
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

PROJECT = Path(__file__).parents[1]
REPOSITORY = "https://example.org/nested-lightning"
"""Where the wheels say that they come from."""
WAVES = PROJECT / "tests" / "plugins" / "nested-lightning-waves"


def build_wheels(folder: Path) -> dict[str, Path]:
    """Build the wheels of this project and of the plug-in waves, from copies of their sources.

    Args:
        folder: Where the wheels go; it must not exist yet.

    Returns:
        The wheels by name of the package.
    """
    sources = folder / "sources"
    own, waves = sources / "own", sources / "waves"
    without_links = shutil.ignore_patterns("__pycache__", "app", "commands", "containers", "settings")
    shutil.copytree(PROJECT / "nested_lightning", own / "nested_lightning", ignore=without_links)
    for name in ("app", "commands", "containers", "settings"):
        shutil.copytree(PROJECT / name, own / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (
        "main.py",
        "nested_lightning/testing/pytest_plugin.py",
        "pyproject.toml",
        "setup.py",
        "README.md",
        "LICENSE",
    ):
        shutil.copy(PROJECT / name, own)
    shutil.copytree(WAVES, waves, ignore=shutil.ignore_patterns("__pycache__"))
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(own), str(waves))
    found = {path.name.partition("-")[0].replace("_", "-"): path for path in folder.glob("*.whl")}
    shutil.rmtree(sources)
    return found


def make_environment(folder: Path, wheels: Sequence[Path]) -> Path:
    """Make a virtual environment that has these wheels, and sees the libraries that are installed here.

    This project's own editable installation isn't seen: a line of a ``.pth`` file adds a folder, and no
    ``.pth`` file in it is heeded.

    Returns:
        The environment's Python.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    _pip(
        "--python",
        str(python),
        "install",
        "--ignore-installed",
        "--no-deps",
        "--no-index",
        "--no-compile",
        *map(str, wheels),
    )
    return python


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    environ = {**os.environ, "REPOSITORY_URL": REPOSITORY}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@dataclass(frozen=True, kw_only=True)
class Environments:
    """Two environments by their Pythons: this project alone, and with the plug-in waves beside it."""

    without_plugin: Path
    with_plugin: Path


def make_environments(folder: Path) -> Environments:
    """Make both environments below a folder, or find them there; safe when several processes do so."""
    with FileLock(f"{folder}.lock"):
        if not (folder / "is-ready").exists():
            wheels = build_wheels(folder / "wheels")
            make_environment(folder / "without", [wheels["nested-lightning"]])
            make_environment(folder / "with", list(wheels.values()))
            (folder / "is-ready").touch()
    return Environments(
        without_plugin=folder / "without" / "bin" / "python", with_plugin=folder / "with" / "bin" / "python"
    )
