"""Folders of trainings that several processes make, once for all test processes."""

import os
from collections.abc import Callable
from pathlib import Path

import torch
from filelock import FileLock

from tests.command_line import PROJECT, ForkedPrograms


def make_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """Return the folder in which ``make`` has trained; the first test process to come here calls it.

    Args:
        folder: Has a file ``shapes.csv``.
        make: Called with the folder.
    """
    with FileLock(f"{folder}.lock"):
        if not (folder / "is-ready").exists():
            folder.mkdir()
            write_shapes(folder / "shapes.csv")
            make(folder)
            (folder / "is-ready").touch()
    return folder


def run_once(folder: Path, module: str, programs: ForkedPrograms) -> Path:
    """Return the folder in which a module that is run has trained; the folder is its argument."""

    def run(folder: Path) -> None:
        done = programs.run_python(("-m", module, str(folder)), cwd=PROJECT, env=os.environ)
        assert done.returncode == 0, done.stderr

    return make_once(folder, run)


def write_shapes(path: Path) -> None:
    """Write 91 rows, which two processes can't share without one that is left over."""
    generator = torch.Generator().manual_seed(0)
    lines = ["kar0,kar1,kar2,fou0,fou1,shape"]
    for row in range(91):
        features = torch.randn(5, generator=generator)
        features[row % 3] += 3
        lines.append(",".join(f"{x:.4f}" for x in features) + "," + ["circle", "square", "star"][row % 3])
    path.write_text("\n".join(lines) + "\n")
