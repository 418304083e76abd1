"""Folders of trainings that a program of their own makes, once for all test processes."""

import os
import subprocess
import sys
from pathlib import Path

import torch
from filelock import FileLock

from tests.command_line import PROJECT


def make_once(folder: Path, program: str) -> Path:
    """Return the folder, in which a program has trained; the first test process to come here starts it.

    Args:
        folder: Of the program; it is the program's argument, and has a file ``shapes.csv``.
        program: A module that is run.
    """
    with FileLock(f"{folder}.lock"):
        if not (folder / "is-ready").exists():
            folder.mkdir()
            write_shapes(folder / "shapes.csv")
            _run(program, folder)
            (folder / "is-ready").touch()
    return folder


def _run(program: str, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", program, str(folder)],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def write_shapes(path: Path) -> None:
    """Write 91 rows, which two processes can't share without one that is left over."""
    generator = torch.Generator().manual_seed(0)
    lines = ["kar0,kar1,kar2,fou0,fou1,shape"]
    for row in range(91):
        features = torch.randn(5, generator=generator)
        features[row % 3] += 3
        lines.append(",".join(f"{x:.4f}" for x in features) + "," + ["circle", "square", "star"][row % 3])
    path.write_text("\n".join(lines) + "\n")
