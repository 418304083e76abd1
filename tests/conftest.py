"""What several tests need: a small real file, and settings that train on it in a moment."""

import gc
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.command_line import ForkedPrograms, Program, program_in, run_fresh
from tests.environments import Environments, make_environments

os.environ.setdefault("OMP_NUM_THREADS", "1")  # several tests run at once; more threads would slow them all

PICTURE_SIZE = 6


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest, lest one process works on while the others have nothing left."""
    items.sort(key=lambda item: "processes" not in item.path.parts)


def pytest_collection_finish() -> None:
    """Have no search for garbage look at all that was imported, which is most of what there is."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def quick_disk() -> Iterator[None]:
    """Have tests wait for no disk: only a cut of the power would show the difference."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_reports() -> None:
    """Have trainings end without a report, see `tests.reports`; nothing is imported for it."""
    if "nested_lightning.containers.application" in sys.modules:
        from tests.reports import leave_out_reports

        leave_out_reports()


@pytest.fixture(scope="session", autouse=True)
def quick_exports() -> Iterator[None]:
    """Have torch read the sources of its translations to ONNX once, and not for each graph."""
    with pytest.MonkeyPatch.context() as patch:
        if "nested_lightning.app.exporting.onnx_file" in sys.modules:
            from torch.onnx._internal.exporter._registration import ONNXRegistry

            patch.setattr(ONNXRegistry, "from_torchlib", staticmethod(cache(ONNXRegistry.from_torchlib)))
        yield


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all test processes of one run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def environments(shared_folder: Path) -> Environments:
    """Fresh virtual environments with this project's wheel, made once for all test processes."""
    return make_environments(shared_folder / "environments")


@pytest.fixture(scope="session")
def forked_programs() -> Iterator[ForkedPrograms]:
    """Runs the program in processes that have imported everything; one for each test process."""
    programs = ForkedPrograms()
    yield programs
    programs.close()


@pytest.fixture
def program(forked_programs: ForkedPrograms, tmp_path: Path) -> Program:
    """Runs ``python main.py`` with arguments in a folder of its own, and gives output and exit status."""
    return program_in(tmp_path, forked_programs.run)


@pytest.fixture
def fresh_program(tmp_path: Path) -> Program:
    """The same in a process that nothing was imported for; each costs seconds."""
    return program_in(tmp_path, run_fresh)


@pytest.fixture
def forked_code(forked_programs: ForkedPrograms, tmp_path: Path) -> Program:
    """Runs ``python -c CODE`` with arguments, in a process that has imported everything."""
    return program_in(tmp_path, forked_programs.run_code)


def write_small_csv(path: Path) -> Path:
    """Write 90 rows: groups kar (3 columns) and fou (2 columns), the label shape with 3 classes."""
    generator = np.random.default_rng(0)
    lines = ["kar0,kar1,kar2,fou0,fou1,shape"]
    for row in range(90):
        label = row % 3
        features = generator.normal(size=5) + 4 * np.eye(5)[label]
        lines.append(",".join(f"{x:.4f}" for x in features) + "," + ["circle", "square", "star"][label])
    path.write_text("\n".join(lines) + "\n")
    return path


def make_small_settings(csv: Path, run_dir: Path) -> dict[str, Any]:
    """Return nested settings of multi-feature that train three epochs on `write_small_csv` on the CPU."""
    return {
        "model": "multi-feature",
        "run_dir": str(run_dir),
        "trainer": {"max_epochs": 3, "accelerator": "cpu", "use_progress_bar": False},
        "multi_feature": {
            "data": {"path": str(csv), "label": "shape", "batch_size": 16},
            "feature_extractor": {"hidden_features": 8, "out_features": 4},
        },
    }


NORMALIZED: dict[str, Any] = {
    "multi_feature": {"feature_extractor": {"kind": "normalized"}, "head": {"kind": "normalized"}}
}
"""Parts of ordinary layers, whose names and shapes a test can say."""


@pytest.fixture
def small_csv(tmp_path: Path) -> Path:
    """The file of `write_small_csv`."""
    return write_small_csv(tmp_path / "shapes.csv")


@pytest.fixture
def small_settings(small_csv: Path, tmp_path: Path) -> dict[str, Any]:
    """The settings of `make_small_settings`, with the run folder ``run``."""
    return make_small_settings(small_csv, tmp_path / "run")


def make_picture_folder(parent: Path) -> Path:
    """Write 16 noisy grey pictures of 6×6 pixels for each of three domains, as PNG files in sub-folders."""
    generator = np.random.default_rng(0)
    shapes = np.zeros((3, PICTURE_SIZE, PICTURE_SIZE))
    shapes[0, 2:4, 2:4] = 200
    shapes[1, 3, :] = 200
    shapes[2, 1:5, 1:5] = 200
    shapes[2, 2:4, 2:4] = 0
    for domain, shape in zip(("dot", "line", "ring"), shapes, strict=True):
        folder = parent / "shapes" / domain
        folder.mkdir(parents=True)
        for number in range(16):
            noisy = (shape + generator.uniform(0, 55, shape.shape)).astype(np.uint8)
            Image.fromarray(noisy).save(folder / f"{number:02d}.png")
    return parent / "shapes"


def make_picture_settings(pictures: Path, run_dir: Path) -> dict[str, Any]:
    """Return nested settings of vae-gan that train four epochs of two batches on the CPU."""
    hidden = {"hidden_features": 12}
    return {
        "model": "vae-gan",
        "run_dir": str(run_dir),
        "trainer": {
            "max_epochs": 4,
            "accelerator": "cpu",
            "use_progress_bar": False,
            "val_every_n_epochs": 2,
        },
        "vae_gan": {
            "data": {"path": str(pictures), "image_size": PICTURE_SIZE, "batch_size": 15},
            "vae": {"encoder": hidden, "sampler": {"latent_features": 3}},
            "discriminator": hidden,
            "classifier_steps": 60,
            "pictures_every_n_epochs": 2,
        },
    }


@pytest.fixture
def picture_folder(tmp_path: Path) -> Path:
    """The folder of `make_picture_folder`."""
    return make_picture_folder(tmp_path)


@pytest.fixture
def picture_settings(picture_folder: Path, tmp_path: Path) -> dict[str, Any]:
    """The settings of `make_picture_settings`, with the run folder ``run``."""
    return make_picture_settings(picture_folder, tmp_path / "run")
