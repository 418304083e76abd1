"""Whether a machine can train: packages, devices, a folder to write to. Problems are told, not raised."""

import platform
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

PROJECT = "nested-lightning"
MIN_FREE_GIB = 1.0
"""Less than this on the disk of the run folder is a problem: checkpoints are written twice."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        subject: What it is, e.g. ``torch``.
        value: How it is, e.g. ``2.13.0``.
        problem: What is wrong with it, and what to do; None: it's fine.
    """

    subject: str
    value: str
    problem: str | None = None


def find_versions() -> Iterator[Finding]:
    """Yield Python, this project, and each package that it needs, with its installed version."""
    yield Finding(subject="python", value=f"{platform.python_version()} on {platform.platform()}")
    try:
        needed = [Requirement(text) for text in requires(PROJECT) or []]
        yield Finding(subject=PROJECT, value=version(PROJECT))
    except PackageNotFoundError:
        problem = "is not installed, so it isn't known what it needs: run pip install -c constraints.txt -e ."
        yield Finding(subject=PROJECT, value="-", problem=problem)
        return
    for requirement in needed:
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield _find_package(requirement)


def _find_package(requirement: Requirement) -> Finding:
    try:
        found = version(requirement.name)
    except PackageNotFoundError:
        return Finding(
            subject=requirement.name, value="-", problem=f"is not installed; needed: {requirement}"
        )
    fits = requirement.specifier.contains(found, prereleases=True)
    problem = None if fits else f"needed: {requirement}; run pip install '{requirement}'"
    return Finding(subject=requirement.name, value=found, problem=problem)


def find_devices() -> Iterator[Finding]:
    """Yield each device that torch knows; on each of them two numbers are added."""
    try:
        import torch
    except Exception as error:  # a damaged installation fails in many ways
        yield Finding(subject="torch", value="-", problem=f"can't be imported: {error}")
        return
    yield _try_device("cpu", f"{platform.machine()}, {torch.get_num_threads()} threads")
    for index in range(torch.cuda.device_count()):
        yield _try_device(f"cuda:{index}", torch.cuda.get_device_name(index))
    if torch.backends.mps.is_available():
        yield _try_device("mps", "Apple GPU")


def _try_device(name: str, described: str) -> Finding:
    import torch

    try:
        works = (torch.ones(2, device=name) + 1).sum().item() == 4
    except Exception as error:  # drivers fail in many ways
        return Finding(subject=name, value=described, problem=f"can't be used: {error}")
    return Finding(subject=name, value=described, problem=None if works else "1 + 1 isn't 2 on it")


def find_run_folder(folder: Path) -> Finding:
    """Return whether a run folder can be made there and written to; nothing is left behind.

    Args:
        folder: The folder of runs; where it isn't there yet, the nearest one above it is tried.
    """
    place = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    try:
        with tempfile.TemporaryDirectory(dir=place, prefix=".doctor-") as inner:
            Path(inner, "file").write_bytes(b"1")
        free_gib = shutil.disk_usage(place).free / 2**30
    except OSError as error:
        return Finding(
            subject="run folder",
            value=str(folder),
            problem=f"can't be written to: {error.strerror}; start elsewhere, or name one by --run-dir",
        )
    is_full = free_gib < MIN_FREE_GIB
    problem = f"less than {MIN_FREE_GIB:.0f} GiB is free there" if is_full else None
    return Finding(subject="run folder", value=f"{folder}, {free_gib:.1f} GiB free", problem=problem)
