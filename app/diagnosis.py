"""Whether a machine can train: packages, imports, devices, a folder. Problems are reported, not raised."""

import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

PROJECT = "nested-lightning"
MIN_FREE_GIB = 1.0
"""Less than this on the disk of the run folder is a problem: checkpoints are written twice."""
LIBRARIES = ("torch", "torchvision", "tensorboard", "ray")
"""Those that are imported on trial: torch, and what Lightning or an extra imports where it is installed."""
IMPORT_TIMEOUT_S = 120
_IMPORT = """
import pkgutil, sys
try:
    pkgutil.resolve_name(sys.argv[1])
except BaseException as error:
    sys.exit(" ".join(f"{type(error).__name__}: {error}".split()))
"""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was checked, how it is, and what to do where it has a problem."""

    subject: str
    value: str
    problem: str | None = None


def find_versions() -> Iterator[Finding]:
    """Yield Python, this project, and each package that it needs, with its installed version."""
    yield Finding(subject="python", value=f"{platform.python_version()} on {platform.platform()}")
    try:
        needed = [*_requirements(PROJECT)]
        yield Finding(subject=PROJECT, value=version(PROJECT))
    except PackageNotFoundError:
        problem = "is not installed, so it isn't known what it needs: run pip install -c constraints.txt -e ."
        yield Finding(subject=PROJECT, value="-", problem=problem)
        return
    for requirement in needed:
        yield _find_package(requirement)


def _find_package(requirement: Requirement) -> Finding:
    found = _installed_version(requirement.name)
    if found is None:
        return Finding(
            subject=requirement.name, value="-", problem=f"is not installed; needed: {requirement}"
        )
    fits = requirement.specifier.contains(found, prereleases=True)
    problem = None if fits else f"needed: {requirement}; run pip install '{requirement}'"
    return Finding(subject=requirement.name, value=found, problem=problem)


def find_imports() -> Iterator[Finding]:
    """Yield each of `LIBRARIES` that is installed; it is imported in a child process, which may crash."""
    found = {name: text for name in LIBRARIES if (text := _installed_version(name)) is not None}
    for name, reason in zip(found, find_import_problems([*found]), strict=True):
        if name == "torchvision" and "torch" in found:
            problem = _judge_torchvision(found["torch"], reason)
        else:
            problem = None if reason is None else f"can't be imported: {reason}"
        yield Finding(subject=name, value=found[name], problem=problem)


def find_import_problems(targets: list[str]) -> list[str | None]:
    """Import each target, ``module`` or ``module:name``, in a child process of its own, several at a time.

    Return for each one line that says why it can't be imported; None: it can.
    """
    with ThreadPoolExecutor() as pool:
        return [*pool.map(_find_import_problem, targets)]


def _find_import_problem(target: str) -> str | None:
    command = [sys.executable, "-P", "-W", "ignore", "-c", _IMPORT, target]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    try:
        done = subprocess.run(
            command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, timeout=IMPORT_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        return f"takes longer than {IMPORT_TIMEOUT_S} s"
    if done.returncode < 0:
        return f"the process was ended by {signal.Signals(-done.returncode).name}"
    said = done.stderr.decode(errors="replace").strip() or f"exit status {done.returncode}"
    return said.splitlines()[-1] if done.returncode else None


def _judge_torchvision(torch: str, reason: str | None) -> str | None:
    """Return what is wrong with torchvision beside this torch; its metadata name the one it needs."""
    needed = next((one for one in _requirements("torchvision") if one.name == "torch"), None)
    if needed is not None and not needed.specifier.contains(torch, prereleases=True):
        effect = "" if reason is None else f" (its import fails: {reason})"
        remedy = f"run pip install --upgrade torchvision 'torch=={Version(torch).public}'"
        return f"needs {needed}, and torch {torch} is installed{effect}; {remedy}"
    if reason is not None:
        remedy = "install both from the same index, or run pip uninstall torchvision"
        return f"can't be imported beside torch {torch}: {reason}; {remedy}"
    return None


def _requirements(package: str) -> Iterator[Requirement]:
    """Yield what an installed package needs without its extras."""
    for text in requires(package) or []:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement


def _installed_version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


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

    Where the folder of runs isn't there yet, the nearest one above it is tried.
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
            problem=f"can't be written to: {error.strerror}; start elsewhere, or name one by run_dir=FOLDER",
        )
    is_full = free_gib < MIN_FREE_GIB
    problem = f"less than {MIN_FREE_GIB:.0f} GiB is free there" if is_full else None
    return Finding(subject="run folder", value=f"{folder}, {free_gib:.1f} GiB free", problem=problem)
