"""What several tests need: a small real file, and settings that train on it in a moment."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.fixture
def small_csv(tmp_path: Path) -> Path:
    """A file of 90 rows: groups kar (3 columns) and fou (2 columns), the label shape with 3 classes."""
    generator = np.random.default_rng(0)
    lines = ["kar0,kar1,kar2,fou0,fou1,shape"]
    for row in range(90):
        label = row % 3
        features = generator.normal(size=5) + 4 * np.eye(5)[label]
        lines.append(",".join(f"{x:.4f}" for x in features) + "," + ["circle", "square", "star"][label])
    path = tmp_path / "shapes.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def small_settings(small_csv: Path, tmp_path: Path) -> dict[str, Any]:
    """Nested settings of multi-feature that train three epochs on `small_csv` on the CPU."""
    return {
        "model": "multi-feature",
        "run_dir": str(tmp_path / "run"),
        "trainer": {"max_epochs": 3, "accelerator": "cpu", "use_progress_bar": False},
        "multi_feature": {
            "data": {"path": str(small_csv), "label": "shape", "batch_size": 16},
            "feature_extractor": {"hidden_features": 8, "out_features": 4},
        },
    }
